#include "caffe/device/fence.hpp"

#include "caffe/device/cuda/cuda_check.hpp"
#include "caffe/device/gpu_counter.hpp"

namespace caffe {

namespace {

cudaEvent_t Event(void* event) { return static_cast<cudaEvent_t>(event); }

}  // namespace

Fence::~Fence() {
  if (event_ != nullptr) cudaEventDestroy(Event(event_));
}

void Fence::Record() {
  if (event_ == nullptr) {
    cudaEvent_t event = nullptr;
    CAFFE_CUDA_CHECK(
        cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync));
    event_ = event;
  }
  CAFFE_CUDA_CHECK(cudaEventRecord(Event(event_), cuda::CurrentStream()));
}

void Fence::Wait() {
  if (event_ == nullptr) return;
  CountGpuWait("for a fence");
  CAFFE_CUDA_CHECK(cudaEventSynchronize(Event(event_)));
}

}  // namespace caffe
