#include "caffe/device/cuda/context.hpp"

#include <map>
#include <memory>

#include "caffe/common.hpp"
#include "caffe/device/context.hpp"
#include "caffe/device/memory.hpp"

namespace caffe {
namespace cuda {
namespace {

/// What NVIDIA recommends for its largest GPUs; smaller ones need less.
constexpr size_t kCublasWorkspaceBytes = size_t(32) << 20;

/// This thread's contexts by device. Thread-local objects are destroyed when their thread ends,
/// the main thread's before the CUDA runtime goes down.
std::map<int, std::unique_ptr<DeviceContext>>& ThreadContexts() {
  thread_local std::map<int, std::unique_ptr<DeviceContext>> contexts;
  return contexts;
}

}  // namespace

DeviceContext::DeviceContext(int device) : device_(device) {
  CUDA_CHECK(cudaStreamCreateWithFlags(&own_stream_, cudaStreamDefault));
  stream_ = own_stream_;
}

DeviceContext::~DeviceContext() {
  int previous = 0;
  if (cudaGetDevice(&previous) != cudaSuccess || cudaSetDevice(device_) != cudaSuccess) return;
  if (curand_ != nullptr) curandDestroyGenerator(curand_);
  if (cublas_ != nullptr) cublasDestroy(cublas_);
  GpuFree(cublas_workspace_, device_);
  cudaStreamDestroy(own_stream_);
  cudaSetDevice(previous);
}

cublasHandle_t DeviceContext::cublas() {
  const bool is_new = cublas_ == nullptr;
  if (is_new) {
    CUBLAS_CHECK(cublasCreate(&cublas_));
    CUBLAS_CHECK(cublasSetMathMode(cublas_, CUBLAS_DEFAULT_MATH));
  }
  if (cublas_workspace_ == nullptr) {
    cublas_workspace_ = GpuAllocate(kCublasWorkspaceBytes);
  }
  if (is_new || cublas_stream_ != stream_) {
    CUBLAS_CHECK(cublasSetStream(cublas_, stream_));
    // A change of stream makes cuBLAS forget its workspace.
    CUBLAS_CHECK(cublasSetWorkspace(cublas_, cublas_workspace_, kCublasWorkspaceBytes));
    cublas_stream_ = stream_;
  }
  return cublas_;
}

curandGenerator_t DeviceContext::curand() {
  if (curand_ == nullptr) {
    CURAND_CHECK(curandCreateGenerator(&curand_, CURAND_RNG_PSEUDO_DEFAULT));
  }
  CURAND_CHECK(curandSetStream(curand_, stream_));
  if (!curand_seeded_) {
    CURAND_CHECK(curandSetPseudoRandomGeneratorSeed(curand_, Caffe::random_seed()));
    CURAND_CHECK(curandSetGeneratorOffset(curand_, 0));
    curand_seeded_ = true;
  }
  return curand_;
}

void DeviceContext::AllowSharedMemory(const void* kernel, size_t bytes) {
  size_t& allowed = shared_memory_[kernel];
  if (allowed >= bytes) return;
  CUDA_CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  static_cast<int>(bytes)));
  allowed = bytes;
}

DeviceContext& CurrentContext() {
  int device = 0;
  CUDA_CHECK(cudaGetDevice(&device));
  std::unique_ptr<DeviceContext>& context = ThreadContexts()[device];
  if (context == nullptr) context = std::make_unique<DeviceContext>(device);
  return *context;
}

cudaStream_t CurrentStream() { return CurrentContext().stream(); }

void AllowSharedMemory(const void* kernel, size_t bytes) {
  CurrentContext().AllowSharedMemory(kernel, bytes);
}

}  // namespace cuda

void ResetGpuGenerators() noexcept {
  for (auto& [device, context] : cuda::ThreadContexts()) {
    if (context != nullptr) context->ResetCurand();
  }
}

cudaStream_t Caffe::stream() { return cuda::CurrentStream(); }
cublasHandle_t Caffe::cublas_handle() { return cuda::CurrentContext().cublas(); }
curandGenerator_t Caffe::curand_generator() { return cuda::CurrentContext().curand(); }

const char* cublasGetErrorString(cublasStatus_t error) { return cublasGetStatusName(error); }

const char* curandGetErrorString(curandStatus_t error) {
  switch (error) {
    case CURAND_STATUS_SUCCESS:
      return "CURAND_STATUS_SUCCESS";
    case CURAND_STATUS_VERSION_MISMATCH:
      return "CURAND_STATUS_VERSION_MISMATCH";
    case CURAND_STATUS_NOT_INITIALIZED:
      return "CURAND_STATUS_NOT_INITIALIZED";
    case CURAND_STATUS_ALLOCATION_FAILED:
      return "CURAND_STATUS_ALLOCATION_FAILED";
    case CURAND_STATUS_TYPE_ERROR:
      return "CURAND_STATUS_TYPE_ERROR";
    case CURAND_STATUS_OUT_OF_RANGE:
      return "CURAND_STATUS_OUT_OF_RANGE";
    case CURAND_STATUS_LENGTH_NOT_MULTIPLE:
      return "CURAND_STATUS_LENGTH_NOT_MULTIPLE";
    case CURAND_STATUS_DOUBLE_PRECISION_REQUIRED:
      return "CURAND_STATUS_DOUBLE_PRECISION_REQUIRED";
    case CURAND_STATUS_LAUNCH_FAILURE:
      return "CURAND_STATUS_LAUNCH_FAILURE";
    case CURAND_STATUS_PREEXISTING_FAILURE:
      return "CURAND_STATUS_PREEXISTING_FAILURE";
    case CURAND_STATUS_INITIALIZATION_FAILED:
      return "CURAND_STATUS_INITIALIZATION_FAILED";
    case CURAND_STATUS_ARCH_MISMATCH:
      return "CURAND_STATUS_ARCH_MISMATCH";
    case CURAND_STATUS_INTERNAL_ERROR:
      return "CURAND_STATUS_INTERNAL_ERROR";
  }
  return "unknown cuRAND status";
}

}  // namespace caffe
