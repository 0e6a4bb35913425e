// Capture of streams, and replay of what was captured.
#include <cublas_v2.h>
#include <gtest/gtest.h>

#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/test_kernels.hpp"

namespace emulated_gpu {
namespace {

class EmulatedGpuGraphTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (cudaStream_t& stream : streams_) {
      ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    }
    for (cudaEvent_t& event : events_) ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&memory_), 2 * sizeof(float)), cudaSuccess);
    ASSERT_EQ(cudaMallocHost(reinterpret_cast<void**>(&host_), 2 * sizeof(float)), cudaSuccess);
    host_[0] = host_[1] = -1;
  }
  void TearDown() override {
    cudaGetLastError();
    if (graph_ != nullptr) cudaGraphDestroy(graph_);
    EXPECT_EQ(cudaFreeHost(host_), cudaSuccess);
    EXPECT_EQ(cudaFree(memory_), cudaSuccess);
    for (const cudaEvent_t event : events_) EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
    for (const cudaStream_t stream : streams_) EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  }

  void Begin() {
    ASSERT_EQ(cudaStreamBeginCapture(streams_[0], cudaStreamCaptureModeGlobal), cudaSuccess);
  }
  cudaError_t End() { return cudaStreamEndCapture(streams_[0], &graph_); }
  void Read() {
    cudaMemcpyAsync(host_, memory_, 2 * sizeof(float), cudaMemcpyDeviceToHost, streams_[0]);
  }

  cudaStream_t streams_[2] = {};
  cudaEvent_t events_[2] = {};
  cudaGraph_t graph_ = nullptr;
  float *memory_ = nullptr, *host_ = nullptr;
};

TEST_F(EmulatedGpuGraphTest, RunsWhenItIsLaunchedAndEveryTime) {
  Begin();
  StartFill(memory_, 2, 4.f, streams_[0]);
  Read();
  ASSERT_EQ(End(), cudaSuccess);
  cudaStreamSynchronize(streams_[0]);
  EXPECT_EQ(host_[0], -1);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph_, 0), cudaSuccess);
  for (int i = 0; i < 2; ++i) {
    host_[0] = -1;
    EXPECT_EQ(cudaGraphLaunch(executable, streams_[1]), cudaSuccess);
    EXPECT_EQ(host_[0], -1);
    cudaStreamSynchronize(streams_[1]);
    EXPECT_EQ(host_[0], 4);
  }
  cudaGraphExecDestroy(executable);
}

/// Arguments are frozen, memory is not.
TEST_F(EmulatedGpuGraphTest, ReplaysWithWhatWasFrozen) {
  float value = 5;
  Begin();
  StartFill(memory_, 1, value, streams_[0]);
  cudaMemcpyAsync(memory_ + 1, host_ + 1, sizeof(float), cudaMemcpyHostToDevice, streams_[0]);
  ASSERT_EQ(End(), cudaSuccess);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph_, 0), cudaSuccess);
  value = 6;
  host_[1] = 7;
  cudaGraphLaunch(executable, streams_[0]);
  Read();
  cudaStreamSynchronize(streams_[0]);
  EXPECT_EQ(host_[0], 5);
  EXPECT_EQ(host_[1], 7);
  cudaGraphExecDestroy(executable);
}

/// A second stream takes part between two events.
TEST_F(EmulatedGpuGraphTest, EventsBringOtherStreamsIn) {
  Begin();
  StartFill(memory_, 1, 1.f, streams_[0]);
  cudaEventRecord(events_[0], streams_[0]);
  cudaStreamWaitEvent(streams_[1], events_[0], 0);
  StartFill(memory_ + 1, 1, 2.f, streams_[1]);
  cudaEventRecord(events_[1], streams_[1]);
  cudaStreamWaitEvent(streams_[0], events_[1], 0);
  Read();
  ASSERT_EQ(End(), cudaSuccess);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph_, 0), cudaSuccess);
  cudaGraphLaunch(executable, streams_[0]);
  cudaStreamSynchronize(streams_[0]);
  EXPECT_EQ(host_[0], 1);
  EXPECT_EQ(host_[1], 2);
  cudaGraphExecDestroy(executable);
}

TEST_F(EmulatedGpuGraphTest, AStreamThatDoesNotComeBackIsAnError) {
  Begin();
  cudaEventRecord(events_[0], streams_[0]);
  cudaStreamWaitEvent(streams_[1], events_[0], 0);
  StartFill(memory_, 1, 2.f, streams_[1]);
  EXPECT_EQ(End(), cudaErrorStreamCaptureUnjoined);
}

/// Whatever waits, or could, spoils the capture.
TEST_F(EmulatedGpuGraphTest, WhatIsForbiddenFails) {
  void* more = nullptr;
  float pageable = 1;
  cublasHandle_t handle = nullptr;
  cublasCreate(&handle);
  cublasSetStream(handle, streams_[0]);
  const auto forbidden = [&](auto call, auto success) {
    Begin();
    EXPECT_NE(call(), success);
    EXPECT_EQ(End(), cudaErrorStreamCaptureInvalidated);
    cudaGetLastError();
  };
  forbidden([&] { return cudaStreamSynchronize(streams_[0]); }, cudaSuccess);
  forbidden([&] { return cudaStreamQuery(streams_[0]); }, cudaSuccess);
  forbidden([&] { return cudaDeviceSynchronize(); }, cudaSuccess);
  forbidden([&] { return cudaMalloc(&more, 4); }, cudaSuccess);
  forbidden([&] { return cudaFree(memory_); }, cudaSuccess);
  forbidden([&] { return cudaMallocHost(&more, 4); }, cudaSuccess);
  forbidden(
      [&] { return cudaMemcpyAsync(memory_, &pageable, 4, cudaMemcpyHostToDevice, streams_[0]); },
      cudaSuccess);
  forbidden([&] { return cublasSdot(handle, 1, memory_, 1, memory_, 1, &pageable); },
            CUBLAS_STATUS_SUCCESS);
  cudaEventRecord(events_[0], streams_[1]);
  forbidden([&] { return cudaStreamWaitEvent(streams_[0], events_[0], 0); }, cudaSuccess);
  cublasDestroy(handle);
}

}  // namespace
}  // namespace emulated_gpu
