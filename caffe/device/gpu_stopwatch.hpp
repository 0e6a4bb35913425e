#ifndef CAFFE_DEVICE_GPU_STOPWATCH_HPP_
#define CAFFE_DEVICE_GPU_STOPWATCH_HPP_

#include <memory>

namespace caffe {

/// Measures the time between two points of the current stream. Everything throws Error in a
/// build without CUDA.
class GpuStopwatch {
 public:
  GpuStopwatch();
  ~GpuStopwatch();
  void Start();
  void Stop();
  /// Waits for the GPU to get to Stop.
  float Milliseconds();

 private:
  struct Events;
  std::unique_ptr<Events> events_;
};

}  // namespace caffe

#endif  // CAFFE_DEVICE_GPU_STOPWATCH_HPP_
