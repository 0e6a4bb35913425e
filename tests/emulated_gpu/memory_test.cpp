// What the emulated device does with memory, and what it catches.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/test_kernels.hpp"

namespace emulated_gpu {
namespace {

class EmulatedGpuMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "fast");
    ASSERT_EQ(cudaStreamCreate(&stream_), cudaSuccess);
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&memory_), kCount * sizeof(float)), cudaSuccess);
  }
  void TearDown() override {
    unsetenv("CAFFE_EMULATED_GPU_FAIL_MALLOC");
    EXPECT_EQ(cudaFree(memory_), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess);
  }

  static constexpr int kCount = 16;
  cudaStream_t stream_ = nullptr;
  float* memory_ = nullptr;
};

TEST_F(EmulatedGpuMemoryTest, HostCodeCannotTouchIt) {
  volatile float* const memory = memory_;
  EXPECT_DEATH(memory[2] = 1,
               "host code touched device memory at .*, byte 8 of an allocation of "
               "64 bytes on GPU 0");
  EXPECT_DEATH(std::printf("%f", memory[3]), "host code touched device memory");
}

TEST_F(EmulatedGpuMemoryTest, IsNanBeforeItIsWritten) {
  std::vector<float> host(kCount);
  ASSERT_EQ(cudaMemcpy(host.data(), memory_, kCount * sizeof(float), cudaMemcpyDefault),
            cudaSuccess);
  for (const float value : host) EXPECT_TRUE(std::isnan(value));
}

TEST_F(EmulatedGpuMemoryTest, WritesBesideAnAllocationAreFound) {
  EXPECT_DEATH(
      {
        StartFill(memory_, kCount + 1, 1.f, stream_);
        cudaFree(memory_);
      },
      "wrote behind device memory of 64 bytes");
}

TEST_F(EmulatedGpuMemoryTest, WritesAfterFreeAreFound) {
  EXPECT_DEATH(
      {
        float* freed = memory_;
        cudaFree(memory_);
        {
          DeviceAccess access;
          freed[1] = 3;
        }
        DeviceAccess access;
        Machine::Get().arena.CheckAll();
      },
      "written after it had been freed");
}

TEST_F(EmulatedGpuMemoryTest, CopiesBeyondAnAllocationAreFound) {
  std::vector<float> host(kCount + 1);
  EXPECT_DEATH(cudaMemcpyAsync(memory_, host.data(), (kCount + 1) * sizeof(float),
                               cudaMemcpyHostToDevice, stream_),
               "target of a copy: 68 bytes at .*byte 0 of an allocation of 64 bytes");
}

TEST_F(EmulatedGpuMemoryTest, KernelsCannotUseHostMemory) {
  std::vector<float> host(kCount);
  EXPECT_DEATH(StartFill(host.data(), kCount, 1.f, stream_), "points to memory of the host");
}

TEST_F(EmulatedGpuMemoryTest, KernelsCannotUseWhatWasFreed) {
  EXPECT_DEATH(
      {
        cudaFree(memory_);
        StartFill(memory_, kCount, 1.f, stream_);
      },
      "points to byte 0 of 64 bytes that were freed");
}

/// Pageable memory may be changed as soon as the call is back, page-locked memory may not.
TEST_F(EmulatedGpuMemoryTest, OnlyPageableMemoryIsStaged) {
  float pageable = 1, *locked = nullptr, result[2] = {};
  ASSERT_EQ(cudaMallocHost(reinterpret_cast<void**>(&locked), sizeof(float)), cudaSuccess);
  *locked = 1;
  cudaMemcpyAsync(memory_, &pageable, sizeof(float), cudaMemcpyHostToDevice, stream_);
  cudaMemcpyAsync(memory_ + 1, locked, sizeof(float), cudaMemcpyHostToDevice, stream_);
  pageable = *locked = 2;
  cudaStreamSynchronize(stream_);
  cudaMemcpy(result, memory_, sizeof(result), cudaMemcpyDeviceToHost);
  EXPECT_EQ(result[0], 1);
  EXPECT_EQ(result[1], 2);
  EXPECT_EQ(cudaFreeHost(locked), cudaSuccess);
}

TEST_F(EmulatedGpuMemoryTest, AllocationFailsOnDemandAndTheErrorStaysUntilItIsCleared) {
  const int64_t next = Machine::Get().mallocs + 1;
  setenv("CAFFE_EMULATED_GPU_FAIL_MALLOC", std::to_string(next).c_str(), 1);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, 4), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&more, 4), cudaSuccess);
  EXPECT_EQ(cudaFree(more), cudaSuccess);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST_F(EmulatedGpuMemoryTest, HasALimit) {
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, Machine::Get().memory()), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
}

}  // namespace
}  // namespace emulated_gpu
