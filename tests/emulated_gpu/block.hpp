#ifndef TESTS_EMULATED_GPU_BLOCK_HPP_
#define TESTS_EMULATED_GPU_BLOCK_HPP_

#include <cuda_runtime.h>

#include <cstddef>
#include <functional>

namespace emulated_gpu {

/// Three numbers; dim3 without a constructor.
struct Triple {
  unsigned int x = 1, y = 1, z = 1;
};

/// What a thread of a running kernel knows of itself: threadIdx, blockIdx, blockDim, gridDim.
struct Position {
  Triple thread, block, block_dim, grid_dim;
};
extern constinit thread_local Position position __attribute__((tls_model("initial-exec")));

/// __syncthreads of the running thread: it stops until all threads of its block have come.
void SyncThreads(const char* file, int line);
/// __syncwarp: the same for the 32 threads of its warp.
void SyncWarp();
/// The value that another lane of the warp gave at the same call; every lane has to call it.
/// @param lane  in [0, 32); a lane that does not exist gives the caller's own value back
void Shuffle(const void* value, void* result, size_t bytes, int lane);
int Lane();

/// The running block's memory, as much as the launch asked for, and poisoned.
void* SharedMemory();

struct Grid {
  const char* kernel;  // its name
  dim3 blocks, threads;
  size_t shared;
};

/// Runs a kernel: block after block in an order of chance, the threads of a block in turns from
/// barrier to barrier, in an order of chance each time. Faults where threads of a block wait at
/// different barriers, or only some do, and where they write behind their shared memory.
void RunKernel(const Grid& grid, const std::function<void()>& kernel);

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_BLOCK_HPP_
