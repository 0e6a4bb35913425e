// How kernels run on the emulated device, and which of their mistakes show.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/test_kernels.hpp"

namespace emulated_gpu {
namespace {

class EmulatedGpuKernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "fast");
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&memory_), kBytes), cudaSuccess);
  }
  void TearDown() override { EXPECT_EQ(cudaFree(memory_), cudaSuccess); }

  std::vector<float> Result(int count) {
    std::vector<float> host(count);
    EXPECT_EQ(cudaMemcpy(host.data(), memory_, count * sizeof(float), cudaMemcpyDeviceToHost),
              cudaSuccess);
    return host;
  }

  static constexpr size_t kBytes = 4096;
  float* memory_ = nullptr;
};

TEST_F(EmulatedGpuKernelTest, EveryThreadOfEveryBlockRunsOnce) {
  StartCount(memory_, /*blocks=*/7, /*threads=*/96);
  for (const float value : Result(7 * 96)) EXPECT_EQ(value, 1);
}

/// Each thread reads what its neighbour wrote.
TEST_F(EmulatedGpuKernelTest, BarriersOrderThreads) {
  for (const int threads : {32, 100, 256}) {
    StartRotate(memory_, threads, /*with_barrier=*/true);
    const std::vector<float> result = Result(threads);
    for (int i = 0; i < threads; ++i) EXPECT_EQ(result[i], (i + 1) % threads);
  }
}

TEST_F(EmulatedGpuKernelTest, AMissingBarrierShows) {
  StartRotate(memory_, 64, /*with_barrier=*/false);
  int wrong = 0;
  const std::vector<float> result = Result(64);
  for (int i = 0; i < 64; ++i) wrong += result[i] != (i + 1) % 64;
  EXPECT_GT(wrong, 0);
}

TEST_F(EmulatedGpuKernelTest, ABarrierThatOnlySomeReachIsAFault) {
  EXPECT_DEATH(
      {
        StartDivergent(memory_, 64);
        cudaDeviceSynchronize();
      },
      "threads of a block come to the barrier at .*test_kernels.cpp");
}

TEST_F(EmulatedGpuKernelTest, SharedMemoryHasAnEnd) {
  EXPECT_DEATH(
      {
        StartSharedOverrun(64);
        cudaDeviceSynchronize();
      },
      "wrote behind the 256 bytes of shared memory");
}

TEST_F(EmulatedGpuKernelTest, WarpsShuffle) {
  StartWarpSums(memory_, 96);
  const std::vector<float> result = Result(96);
  for (int i = 0; i < 96; ++i) {
    const int first = i / 32 * 32;
    EXPECT_EQ(result[i], 32 * first + 31 * 16) << i;
  }
}

TEST_F(EmulatedGpuKernelTest, RefusesShapesThatNoGpuTakes) {
  StartCount(memory_, 1, 1025);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
  StartCount(memory_, 0, 32);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
}

}  // namespace
}  // namespace emulated_gpu
