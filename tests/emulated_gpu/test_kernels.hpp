#ifndef TESTS_EMULATED_GPU_TEST_KERNELS_HPP_
#define TESTS_EMULATED_GPU_TEST_KERNELS_HPP_

#include <cuda_runtime.h>

namespace emulated_gpu {

/// Kernels for the tests of the emulated device itself. Each goes to the default stream, or to
/// `stream`; errors are left to cudaGetLastError.

/// memory[i] = value for i < count
void StartFill(float* memory, int count, float value, cudaStream_t stream);
/// memory[thread of all blocks] = 1
void StartCount(float* memory, int blocks, int threads);
/// memory[i] = (i + 1) % threads, by way of shared memory
void StartRotate(float* memory, int threads, bool with_barrier);
/// Half of the threads come to a barrier.
void StartDivergent(float* memory, int threads);
/// Writes one number too many of its `threads` in shared memory.
void StartSharedOverrun(int threads);
/// memory[i] = sum of the numbers of the threads of i's warp
void StartWarpSums(float* memory, int threads);

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_TEST_KERNELS_HPP_
