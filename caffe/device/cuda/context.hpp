#ifndef CAFFE_DEVICE_CUDA_CONTEXT_HPP_
#define CAFFE_DEVICE_CUDA_CONTEXT_HPP_

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <curand.h>

#include <cstddef>
#include <unordered_map>
#include <utility>

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
  /// Orders work on another stream from now on; returns the one before.
  cudaStream_t Exchange(cudaStream_t stream) { return std::exchange(stream_, stream); }
  cublasHandle_t cublas();
  curandGenerator_t curand();
  /// The generator is seeded again before its next use.
  void ResetCurand() { curand_seeded_ = false; }
  /// See caffe/device/cuda/launch_kernel.hpp.
  void AllowSharedMemory(const void* kernel, size_t bytes);

 private:
  int device_;
  cudaStream_t own_stream_ = nullptr;
  cudaStream_t stream_ = nullptr;
  cublasHandle_t cublas_ = nullptr;
  cudaStream_t cublas_stream_ = nullptr;
  void* cublas_workspace_ = nullptr;
  curandGenerator_t curand_ = nullptr;
  bool curand_seeded_ = false;
  std::unordered_map<const void*, size_t> shared_memory_;  // allowed, by kernel
};

/// The calling thread's context of its current device.
DeviceContext& CurrentContext();

/// While it lives, this thread's work for its current device is ordered on `stream`.
class UseStream {
 public:
  explicit UseStream(cudaStream_t stream)
      : context_(CurrentContext()), previous_(context_.Exchange(stream)) {}
  ~UseStream() { context_.Exchange(previous_); }
  UseStream(const UseStream&) = delete;
  UseStream& operator=(const UseStream&) = delete;

 private:
  DeviceContext& context_;
  cudaStream_t previous_;
};

}  // namespace caffe::cuda

#endif  // CAFFE_DEVICE_CUDA_CONTEXT_HPP_
