#ifndef TESTS_EMULATED_GPU_LAUNCH_SHAPE_HPP_
#define TESTS_EMULATED_GPU_LAUNCH_SHAPE_HPP_

#include "tests/emulated_gpu/launch.hpp"

namespace emulated_gpu {

/// What stands between <<< and >>> in CUDA; see translate_cuda.py.
inline LaunchShape Shape(dim3 grid, dim3 block, size_t shared = 0, cudaStream_t stream = nullptr) {
  return {grid, block, shared, stream};
}

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_LAUNCH_SHAPE_HPP_
