#include "caffe/native/cuda/cudnn_context.hpp"

#include <map>
#include <memory>
#include <utility>

#include "caffe/common.hpp"
#include "caffe/device/memory.hpp"
#include "caffe/util/cudnn.hpp"

namespace caffe::cuda {
namespace {

class CudnnContext {
 public:
  explicit CudnnContext(int device) : device_(device) { CUDNN_CHECK(cudnnCreate(&handle_)); }
  ~CudnnContext() {
    int previous = 0;
    if (cudaGetDevice(&previous) != cudaSuccess || cudaSetDevice(device_) != cudaSuccess) return;
    cudnnDestroy(handle_);
    GpuFree(workspace_, device_);
    cudaSetDevice(previous);
  }
  CudnnContext(const CudnnContext&) = delete;
  CudnnContext& operator=(const CudnnContext&) = delete;

  cudnnHandle_t handle() {
    const cudaStream_t stream = Caffe::stream();
    if (stream != stream_) {
      CUDNN_CHECK(cudnnSetStream(handle_, stream));
      stream_ = stream;
    }
    return handle_;
  }

  void* workspace(size_t bytes) {
    if (bytes > workspace_bytes_) {
      // GpuFree waits for the work that still uses it.
      GpuFree(std::exchange(workspace_, nullptr), device_);
      workspace_bytes_ = 0;
      workspace_ = GpuAllocate(bytes);
      workspace_bytes_ = bytes;
    }
    return workspace_;
  }

 private:
  int device_;
  cudnnHandle_t handle_ = nullptr;
  cudaStream_t stream_ = nullptr;
  void* workspace_ = nullptr;
  size_t workspace_bytes_ = 0;
};

CudnnContext& CurrentCudnn() {
  // The thread's stream is made first, and so destroyed after the handle that uses it.
  Caffe::stream();
  thread_local std::map<int, std::unique_ptr<CudnnContext>> contexts;
  int device = 0;
  CUDA_CHECK(cudaGetDevice(&device));
  std::unique_ptr<CudnnContext>& context = contexts[device];
  if (context == nullptr) context = std::make_unique<CudnnContext>(device);
  return *context;
}

}  // namespace

cudnnHandle_t CudnnHandle() { return CurrentCudnn().handle(); }

void* CudnnWorkspace(size_t bytes) { return CurrentCudnn().workspace(bytes); }

}  // namespace caffe::cuda
