#ifndef CAFFE_UTIL_BENCHMARK_H_
#define CAFFE_UTIL_BENCHMARK_H_

#include <chrono>
#include <memory>

#include "caffe/device/gpu_stopwatch.hpp"

namespace caffe {

/// Measures time: of the GPU's current stream in GPU mode, of the clock on the wall otherwise.
/// On the CPU microseconds and milliseconds are whole numbers, rounded down.
class Timer {
 public:
  Timer();
  virtual ~Timer();
  virtual void Start();
  virtual void Stop();
  /// Between Start and Stop, which they do if it is still running; 0 if it never ran.
  virtual float MilliSeconds();
  virtual float MicroSeconds();
  virtual float Seconds();

  bool initted() const { return initted_; }
  bool running() const { return running_; }
  bool has_run_at_least_once() const { return has_run_at_least_once_; }

 protected:
  using Clock = std::chrono::steady_clock;

  void Init();

  bool initted_ = false;
  bool running_ = false;
  bool has_run_at_least_once_ = false;
  Clock::time_point start_cpu_;
  Clock::time_point stop_cpu_;
  std::unique_ptr<GpuStopwatch> gpu_;
};

/// Measures by the clock on the wall in any mode.
class CPUTimer : public Timer {
 public:
  CPUTimer() = default;
  void Start() override;
  void Stop() override;
  float MilliSeconds() override;
  float MicroSeconds() override;
};

}  // namespace caffe

#endif  // CAFFE_UTIL_BENCHMARK_H_
