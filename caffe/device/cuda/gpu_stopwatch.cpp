#include "caffe/device/gpu_stopwatch.hpp"

#include <cuda_runtime.h>

#include "caffe/common.hpp"

namespace caffe {

struct GpuStopwatch::Events {
  Events() {
    CUDA_CHECK(cudaEventCreate(&start));
    CUDA_CHECK(cudaEventCreate(&stop));
  }
  ~Events() {
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
  }
  cudaEvent_t start = nullptr;
  cudaEvent_t stop = nullptr;
};

GpuStopwatch::GpuStopwatch() : events_(new Events) {}
GpuStopwatch::~GpuStopwatch() = default;

void GpuStopwatch::Start() { CUDA_CHECK(cudaEventRecord(events_->start, Caffe::stream())); }
void GpuStopwatch::Stop() { CUDA_CHECK(cudaEventRecord(events_->stop, Caffe::stream())); }

float GpuStopwatch::Milliseconds() {
  float milliseconds = 0;
  CUDA_CHECK(cudaEventSynchronize(events_->stop));
  CUDA_CHECK(cudaEventElapsedTime(&milliseconds, events_->start, events_->stop));
  return milliseconds;
}

}  // namespace caffe
