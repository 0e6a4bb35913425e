#include "caffe/device/emulated/kernel_prelude.hpp"

#include "tests/emulated_gpu/test_kernels.hpp"

namespace emulated_gpu {
namespace {

using caffe::cuda::DynamicShared;

__global__ void Fill(float* memory, int count, float value) {
  for (int i = threadIdx.x; i < count; i += blockDim.x) memory[i] = value;
}

__global__ void Count(float* memory) {
  float& mine = memory[blockIdx.x * blockDim.x + threadIdx.x];
  mine = mine == mine ? mine + 1 : 1;
}

__global__ void Rotate(float* memory, bool with_barrier) {
  float* const shared = DynamicShared<float>();
  shared[threadIdx.x] = threadIdx.x;
  if (with_barrier) __syncthreads();
  memory[threadIdx.x] = shared[(threadIdx.x + 1) % blockDim.x];
}

__global__ void Divergent(float* memory) {
  if (threadIdx.x % 2 == 0) __syncthreads();
  memory[threadIdx.x] = 1;
}

__global__ void SharedOverrun() { DynamicShared<float>()[threadIdx.x + 1] = 1; }

__global__ void WarpSums(float* memory) {
  float sum = threadIdx.x;
  for (int mask = 16; mask > 0; mask /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, mask);
  memory[threadIdx.x] = sum;
}

}  // namespace

void StartFill(float* memory, int count, float value, cudaStream_t stream) {
  Launch(Fill, {1, 32, 0, stream}, memory, count, value);
}
void StartCount(float* memory, int blocks, int threads) {
  Launch(Count, {dim3(blocks), dim3(threads), 0, nullptr}, memory);
}
void StartRotate(float* memory, int threads, bool with_barrier) {
  Launch(Rotate, {1, dim3(threads), threads * sizeof(float), nullptr}, memory, with_barrier);
}
void StartDivergent(float* memory, int threads) {
  Launch(Divergent, {1, dim3(threads), 0, nullptr}, memory);
}
void StartSharedOverrun(int threads) {
  Launch(SharedOverrun, {1, dim3(threads), threads * sizeof(float), nullptr});
}
void StartWarpSums(float* memory, int threads) {
  Launch(WarpSums, {1, dim3(threads), 0, nullptr}, memory);
}

}  // namespace emulated_gpu
