// Streams of the emulated device run as late as their events and the host's waits allow.
#include <cublas_v2.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/test_kernels.hpp"

namespace emulated_gpu {
namespace {

class EmulatedGpuStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "fast");
    for (cudaStream_t& stream : streams_) {
      ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    }
    ASSERT_EQ(cudaEventCreate(&event_), cudaSuccess);
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&memory_), sizeof(float)), cudaSuccess);
    ASSERT_EQ(cudaMallocHost(reinterpret_cast<void**>(&host_), sizeof(float)), cudaSuccess);
    cudaMemset(memory_, 0, sizeof(float));
    cudaDeviceSynchronize();
    *host_ = -1;
  }
  void TearDown() override {
    EXPECT_EQ(cudaFreeHost(host_), cudaSuccess);
    EXPECT_EQ(cudaFree(memory_), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(event_), cudaSuccess);
    for (const cudaStream_t stream : streams_) EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  }

  void StartReading(cudaStream_t stream) {
    cudaMemcpyAsync(host_, memory_, sizeof(float), cudaMemcpyDeviceToHost, stream);
  }

  cudaStream_t streams_[2] = {};
  cudaEvent_t event_ = nullptr;
  float *memory_ = nullptr, *host_ = nullptr;
};

TEST_F(EmulatedGpuStreamTest, NothingRunsBeforeSomebodyWaits) {
  StartFill(memory_, 1, 5.f, streams_[0]);
  StartReading(streams_[0]);
  EXPECT_EQ(*host_, -1);
  cudaStreamSynchronize(streams_[0]);
  EXPECT_EQ(*host_, 5);
}

TEST_F(EmulatedGpuStreamTest, AStreamDoesNotWaitForAnotherByItself) {
  StartFill(memory_, 1, 5.f, streams_[0]);
  StartReading(streams_[1]);
  cudaStreamSynchronize(streams_[1]);
  EXPECT_EQ(*host_, 0);
}

TEST_F(EmulatedGpuStreamTest, AnEventOrdersStreams) {
  StartFill(memory_, 1, 5.f, streams_[0]);
  cudaEventRecord(event_, streams_[0]);
  StartFill(memory_, 1, 6.f, streams_[0]);
  cudaStreamWaitEvent(streams_[1], event_, 0);
  StartReading(streams_[1]);
  cudaStreamSynchronize(streams_[1]);
  EXPECT_EQ(*host_, 5);  // and not what comes after the event
}

TEST_F(EmulatedGpuStreamTest, TheHostCanWaitForAnEvent) {
  StartFill(memory_, 1, 5.f, streams_[0]);
  StartReading(streams_[0]);
  cudaEventRecord(event_, streams_[0]);
  EXPECT_EQ(cudaEventQuery(event_), cudaErrorNotReady);
  cudaEventSynchronize(event_);
  EXPECT_EQ(*host_, 5);
}

/// The default stream waits for blocking streams, and they for it; others go their own way.
TEST_F(EmulatedGpuStreamTest, TheDefaultStreamOrdersBlockingStreams) {
  cudaStream_t blocking;
  ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
  StartFill(memory_, 1, 5.f, blocking);
  StartReading(nullptr);
  EXPECT_EQ(*host_, -1);
  cudaStreamSynchronize(nullptr);
  EXPECT_EQ(*host_, 5);
  StartFill(memory_, 1, 6.f, nullptr);
  StartReading(blocking);
  cudaStreamSynchronize(blocking);
  EXPECT_EQ(*host_, 6);
  StartFill(memory_, 1, 7.f, nullptr);
  StartReading(streams_[0]);
  cudaStreamSynchronize(streams_[0]);
  EXPECT_EQ(*host_, 6);
  cudaStreamDestroy(blocking);
}

TEST_F(EmulatedGpuStreamTest, HandlesGoBeforeTheirStream) {
  EXPECT_DEATH(
      {
        cublasHandle_t handle;
        cublasCreate(&handle);
        cublasSetStream(handle, streams_[0]);
        cudaStreamDestroy(streams_[0]);
        cublasDestroy(handle);
      },
      "cublasDestroy: the handle's stream was destroyed before it");
}

TEST_F(EmulatedGpuStreamTest, ADestroyedStreamIsNotUsed) {
  EXPECT_DEATH(
      {
        cudaStreamDestroy(streams_[0]);
        StartReading(streams_[0]);
      },
      "stream .* does not exist, or was destroyed");
}

}  // namespace
}  // namespace emulated_gpu
