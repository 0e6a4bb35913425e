#ifndef CAFFE_DEVICE_LAUNCH_KERNEL_HPP_
#define CAFFE_DEVICE_LAUNCH_KERNEL_HPP_

/// caffe/device/cuda/launch_kernel.hpp for the emulated GPU; the same names, the same guard.

#include <cstddef>
#include <cstdint>
#include <typeinfo>

#include "caffe/device/cuda/cuda_check.hpp"
#include "caffe/device/gpu_counter.hpp"
#include "tests/emulated_gpu/launch.hpp"
#include "tests/emulated_gpu/settings.hpp"

namespace caffe::cuda {

/// Two warps, which is as many as barriers need to matter.
constexpr int kThreads = 64;

/// Few, so that small arrays already need more than one stride.
inline int64_t MaxBlocks() {
  static const int64_t blocks = emulated_gpu::Setting("MAX_BLOCKS", 48);
  return blocks;
}

inline int64_t MaxInt32Count() {
  static const int64_t count = emulated_gpu::Setting("MAX_INT32", INT32_MAX);
  return count;
}

constexpr size_t kSharedWithoutAsking = 48 * 1024;

void AllowSharedMemory(const void* kernel, size_t bytes);

template <typename T>
T* DynamicShared() {
  return static_cast<T*>(emulated_gpu::SharedMemory());
}

template <typename... Parameters, typename... Arguments>
void LaunchKernel(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared,
                  cudaStream_t stream, Arguments... arguments) {
  CountGpuLaunch(typeid(void (*)(Parameters...)), stream);
  if (shared > kSharedWithoutAsking) {
    AllowSharedMemory(reinterpret_cast<const void*>(kernel), shared);
  }
  emulated_gpu::Launch(kernel, {grid, block, shared, stream}, arguments...);
  CAFFE_CUDA_CHECK(cudaPeekAtLastError());
}

}  // namespace caffe::cuda

#endif  // CAFFE_DEVICE_LAUNCH_KERNEL_HPP_
