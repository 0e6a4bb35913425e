#include "caffe/device/gpu_stopwatch.hpp"

#include "caffe/common.hpp"

namespace caffe {

struct GpuStopwatch::Events {};

GpuStopwatch::GpuStopwatch() { NO_GPU; }
GpuStopwatch::~GpuStopwatch() = default;
void GpuStopwatch::Start() { NO_GPU; }
void GpuStopwatch::Stop() { NO_GPU; }
float GpuStopwatch::Milliseconds() { NO_GPU; }

}  // namespace caffe
