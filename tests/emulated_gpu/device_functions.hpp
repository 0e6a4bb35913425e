#ifndef TESTS_EMULATED_GPU_DEVICE_FUNCTIONS_HPP_
#define TESTS_EMULATED_GPU_DEVICE_FUNCTIONS_HPP_

/// Functions that CUDA gives to kernels, as far as kernels use them. Threads run in turns, so an
/// atomic operation needs no more than its arithmetic.

#include <algorithm>
#include <type_traits>

#include "tests/emulated_gpu/block.hpp"

inline void __syncwarp(unsigned = 0xffffffffu) { ::emulated_gpu::SyncWarp(); }

namespace emulated_gpu {

template <typename T>
T ShuffleFrom(T value, int lane, int width) {
  // Lanes of a segment of `width` see each other only.
  const int segment = Lane() / width * width;
  const bool inside = lane >= segment && lane < segment + width;
  T result;
  Shuffle(&value, &result, sizeof(T), inside ? lane : -1);
  return result;
}

}  // namespace emulated_gpu

template <typename T>
T __shfl_sync(unsigned, T value, int lane, int width = 32) {
  const int segment = ::emulated_gpu::Lane() / width * width;
  return ::emulated_gpu::ShuffleFrom(value, segment + lane % width, width);
}
template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask, int width = 32) {
  return ::emulated_gpu::ShuffleFrom(value, ::emulated_gpu::Lane() ^ mask, width);
}
template <typename T>
T __shfl_down_sync(unsigned, T value, unsigned delta, int width = 32) {
  return ::emulated_gpu::ShuffleFrom(value, ::emulated_gpu::Lane() + int(delta), width);
}
template <typename T>
T __shfl_up_sync(unsigned, T value, unsigned delta, int width = 32) {
  return ::emulated_gpu::ShuffleFrom(value, ::emulated_gpu::Lane() - int(delta), width);
}

template <typename T>
T atomicAdd(T* target, std::type_identity_t<T> value) {
  const T before = *target;
  *target = before + value;
  return before;
}
template <typename T>
T atomicMax(T* target, std::type_identity_t<T> value) {
  const T before = *target;
  *target = std::max(before, value);
  return before;
}
template <typename T>
T atomicCAS(T* target, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  const T before = *target;
  if (before == expected) *target = value;
  return before;
}

inline void __threadfence() {}
inline void __threadfence_block() {}

template <typename T>
T __ldg(const T* address) {
  return *address;
}

#endif  // TESTS_EMULATED_GPU_DEVICE_FUNCTIONS_HPP_
