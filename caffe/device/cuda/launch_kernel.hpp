#ifndef CAFFE_DEVICE_LAUNCH_KERNEL_HPP_
#define CAFFE_DEVICE_LAUNCH_KERNEL_HPP_

/// The one place where kernels start. tests/emulated_gpu runs them on the CPU through a header of
/// the same content, caffe/device/emulated/launch_kernel.hpp, which its compilation includes first.

#include <cstddef>
#include <cstdint>
#include <typeinfo>

#include "caffe/device/cuda/cuda_check.hpp"
#include "caffe/device/device.hpp"
#include "caffe/device/gpu_counter.hpp"

namespace caffe::cuda {

/// Threads of a block, unless the kernel has reasons of its own.
constexpr int kThreads = 256;
/// Most blocks of a grid; a thread takes further elements in strides.
constexpr int64_t MaxBlocks() { return 65536; }
/// Up to this count of elements, indices are divided in 32 bits, which is several times faster.
CAFFE_HD constexpr int64_t MaxInt32Count() { return INT32_MAX; }

/// What every kernel may use without asking.
constexpr size_t kSharedWithoutAsking = 48 * 1024;

/// Lets a kernel use so much shared memory on the current device.
void AllowSharedMemory(const void* kernel, size_t bytes);

/// The block's memory of as many bytes as the launch says.
template <typename T>
__device__ T* DynamicShared() {
  extern __shared__ __align__(16) unsigned char dynamic_shared[];
  return reinterpret_cast<T*>(dynamic_shared);
}

/// Starts a kernel on `stream`. Throws Error where CUDA refuses it.
/// @param shared  bytes of shared memory for each block
template <typename... Parameters, typename... Arguments>
void LaunchKernel(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared,
                  cudaStream_t stream, Arguments... arguments) {
  CountGpuLaunch(typeid(void (*)(Parameters...)), stream);
  if (shared > kSharedWithoutAsking) {
    AllowSharedMemory(reinterpret_cast<const void*>(kernel), shared);
  }
  kernel<<<grid, block, shared, stream>>>(arguments...);
  CAFFE_CUDA_CHECK(cudaPeekAtLastError());
}

}  // namespace caffe::cuda

#endif  // CAFFE_DEVICE_LAUNCH_KERNEL_HPP_
