#ifndef CAFFE_DEVICE_CUDA_CONTEXT_HPP_
#define CAFFE_DEVICE_CUDA_CONTEXT_HPP_

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <curand.h>

namespace caffe::cuda {

/// What one thread owns on one device: a stream and, created when first asked for, library
/// handles that work on it.
class DeviceContext {
 public:
  /// @param device  must be the calling thread's current device
  explicit DeviceContext(int device);
  ~DeviceContext();
  DeviceContext(const DeviceContext&) = delete;
  DeviceContext& operator=(const DeviceContext&) = delete;

  cudaStream_t stream() const { return stream_; }
  cublasHandle_t cublas();
  curandGenerator_t curand();
  /// Makes cuBLAS work on another stream, or on stream() again. cuBLAS forgets its workspace
  /// when its stream changes, so it is given here anew.
  void BindCublas(cudaStream_t stream);
  /// The generator is seeded again before its next use.
  void ResetCurand() { curand_seeded_ = false; }

 private:
  int device_;
  cudaStream_t stream_ = nullptr;
  cublasHandle_t cublas_ = nullptr;
  void* cublas_workspace_ = nullptr;
  curandGenerator_t curand_ = nullptr;
  bool curand_seeded_ = false;
};

/// The calling thread's context of its current device.
DeviceContext& CurrentContext();

}  // namespace caffe::cuda

#endif  // CAFFE_DEVICE_CUDA_CONTEXT_HPP_
