#ifndef CAFFE_DEVICE_EMULATED_KERNEL_PRELUDE_HPP_
#define CAFFE_DEVICE_EMULATED_KERNEL_PRELUDE_HPP_

/// What the host compiler has to know to compile kernels for the emulated GPU. It is included
/// before everything else (cmake/Kernels.cmake), and makes the file look as it does to nvcc.

#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#undef __host__
#undef __device__
#undef __global__
#undef __shared__
#undef __launch_bounds__
#define __host__
#define __device__
#define __global__
/// Not poisoned: memory of a launch (DynamicShared) shows more mistakes.
#define __shared__ static thread_local
#define __launch_bounds__(...)
#define __CUDACC__ 1
#define __CUDA_ARCH__ 900

#include "caffe/device/emulated/launch_kernel.hpp"
#include "tests/emulated_gpu/device_functions.hpp"

#define threadIdx (::emulated_gpu::position.thread)
#define blockIdx (::emulated_gpu::position.block)
#define blockDim (::emulated_gpu::position.block_dim)
#define gridDim (::emulated_gpu::position.grid_dim)
#define __syncthreads() ::emulated_gpu::SyncThreads(__FILE__, __LINE__)

#endif  // CAFFE_DEVICE_EMULATED_KERNEL_PRELUDE_HPP_
