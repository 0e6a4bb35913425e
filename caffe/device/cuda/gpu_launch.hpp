#ifndef CAFFE_DEVICE_GPU_LAUNCH_HPP_
#define CAFFE_DEVICE_GPU_LAUNCH_HPP_

#include "caffe/device/device.hpp"

#ifdef __CUDACC__

#include <algorithm>
#include <type_traits>

#include "caffe/device/cuda/launch_kernel.hpp"

namespace caffe {

template <typename Device>
struct Launcher;

namespace cuda {

/// n: number of calls of f.
template <typename F>
__global__ void for_each_kernel(int64_t n, F f) {
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step) f(i);
}

/// n = planes * inner.
template <typename F>
__global__ void for_each_plane_kernel(int64_t n, int64_t inner, F f) {
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step) {
    if (n <= MaxInt32Count()) {
      const uint32_t plane = uint32_t(i) / uint32_t(inner);
      f(int64_t(plane), int64_t(uint32_t(i) - plane * uint32_t(inner)));
    } else {
      f(i / inner, i % inner);
    }
  }
}

/// One block an output; term(o, j, k) over outer x inner elements. Shared memory: T[kThreads].
template <template <typename> class Op, typename T, typename Term, typename Store>
__global__ void reduce_kernel(int64_t outputs, int64_t outer, int64_t inner, Term term,
                              Store store) {
  T* const shared = DynamicShared<T>();
  for (int64_t o = blockIdx.x; o < outputs; o += gridDim.x) {
    T total = Op<T>::identity();
    const int64_t n = outer * inner;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      total = Op<T>()(total, term(o, i / inner, i % inner));
    }
    shared[threadIdx.x] = total;
    __syncthreads();
    for (int width = kThreads / 2; width > 0; width /= 2) {
      if (int(threadIdx.x) < width) {
        shared[threadIdx.x] = Op<T>()(shared[threadIdx.x], shared[threadIdx.x + width]);
      }
      __syncthreads();
    }
    if (threadIdx.x == 0) store(o, shared[0]);
    __syncthreads();
  }
}

inline int Blocks(int64_t n) {
  return static_cast<int>(std::min(MaxBlocks(), (n + kThreads - 1) / kThreads));
}

}  // namespace cuda

/// Traversals over a CUDA grid, on the current stream.
template <>
struct Launcher<Gpu> {
  template <typename F>
  static void ForEach(int64_t n, const F& f) {
    cuda::LaunchKernel(cuda::for_each_kernel<F>, cuda::Blocks(n), cuda::kThreads, 0,
                       cuda::CurrentStream(), n, f);
  }

  template <typename F>
  static void ForEachPlane(int64_t planes, int64_t inner, const F& f) {
    const int64_t n = planes * inner;
    cuda::LaunchKernel(cuda::for_each_plane_kernel<F>, cuda::Blocks(n), cuda::kThreads, 0,
                       cuda::CurrentStream(), n, inner, f);
  }

  template <template <typename> class Op, typename Term, typename Store>
  static void Reduce(int64_t outputs, int64_t outer, int64_t inner, const Term& term,
                     const Store& store) {
    using T = std::invoke_result_t<Term, int64_t, int64_t, int64_t>;
    const int blocks = static_cast<int>(std::min(cuda::MaxBlocks(), outputs));
    cuda::LaunchKernel(cuda::reduce_kernel<Op, T, Term, Store>, blocks, cuda::kThreads,
                       cuda::kThreads * sizeof(T), cuda::CurrentStream(), outputs, outer, inner,
                       term, store);
  }
};

}  // namespace caffe

#endif  // __CUDACC__

#endif  // CAFFE_DEVICE_GPU_LAUNCH_HPP_
