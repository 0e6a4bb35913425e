#ifndef CAFFE_DEVICE_CUDA_CUDA_CHECK_HPP_
#define CAFFE_DEVICE_CUDA_CUDA_CHECK_HPP_

#include <cuda_runtime.h>

#include "caffe/error.hpp"

namespace caffe::cuda {

/// The stream that this thread's work for its current device is ordered on. It is a stream of
/// our own that still waits for, and is waited for by, the legacy default stream, so that
/// kernels of users' own layers keep their place.
cudaStream_t CurrentStream();

/// Throws Error naming `call` unless status is cudaSuccess. CUDA keeps the last error until it is
/// asked for, and would report it again at the next launch, whose caller may have caught ours.
inline void Check(cudaError_t status, const char* call, const char* file, int line) {
  if (status != cudaSuccess) [[unlikely]] {
    cudaGetLastError();
    throw Error("CUDA: ", cudaGetErrorString(status), " (", call, ", ", file, ":", line, ")");
  }
}

}  // namespace caffe::cuda

#define CAFFE_CUDA_CHECK(call) ::caffe::cuda::Check((call), #call, __FILE__, __LINE__)

#endif  // CAFFE_DEVICE_CUDA_CUDA_CHECK_HPP_
