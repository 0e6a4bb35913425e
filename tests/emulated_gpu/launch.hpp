#ifndef TESTS_EMULATED_GPU_LAUNCH_HPP_
#define TESTS_EMULATED_GPU_LAUNCH_HPP_

#include <cuda_runtime.h>

#include <functional>
#include <type_traits>
#include <typeinfo>

#include "tests/emulated_gpu/block.hpp"

namespace emulated_gpu {

struct LaunchShape {
  dim3 grid, block;
  size_t shared = 0;
  cudaStream_t stream = nullptr;
};

/// Faults where the bytes of a kernel's argument hold an address that the GPU cannot use: freed or
/// another device's memory, or memory of the host that is not page-locked.
void CheckArgument(const void* bytes, size_t size, const std::type_info& kernel);

/// Puts a kernel into a stream. As on a GPU, errors are seen by cudaGetLastError.
void EnqueueKernel(const LaunchShape& shape, const std::type_info& kernel,
                   std::function<void()> call);

/// The most dynamic shared memory that kernels may ask for from now on.
void AllowSharedMemory(int bytes);

template <typename T>
void CheckArgument(T argument, const std::type_info& kernel) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    // What lies between members is of no account, and may be the rest of some address.
    __builtin_clear_padding(&argument);
    CheckArgument(&argument, sizeof(argument), kernel);
  }
}

template <typename... Parameters, typename... Arguments>
void Launch(void (*kernel)(Parameters...), const LaunchShape& shape, Arguments... arguments) {
  const std::type_info& name = typeid(void (*)(Parameters...));
  (CheckArgument(arguments, name), ...);
  EnqueueKernel(shape, name, [kernel, arguments...] { kernel(arguments...); });
}

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_LAUNCH_HPP_
