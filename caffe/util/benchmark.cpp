#include "caffe/util/benchmark.hpp"

#include "caffe/common.hpp"

namespace caffe {

namespace {

template <typename Unit, typename Duration>
float Whole(const Duration& duration) {
  return static_cast<float>(std::chrono::duration_cast<Unit>(duration).count());
}

}  // namespace

Timer::Timer() { Init(); }
Timer::~Timer() = default;

void Timer::Init() {
  if (Caffe::mode() == Caffe::GPU) gpu_ = std::make_unique<GpuStopwatch>();
  initted_ = true;
}

void Timer::Start() {
  if (running_) return;
  if (gpu_ != nullptr) {
    gpu_->Start();
  } else {
    start_cpu_ = Clock::now();
  }
  running_ = true;
  has_run_at_least_once_ = true;
}

void Timer::Stop() {
  if (!running_) return;
  if (gpu_ != nullptr) {
    gpu_->Stop();
  } else {
    stop_cpu_ = Clock::now();
  }
  running_ = false;
}

float Timer::MilliSeconds() {
  if (!has_run_at_least_once_) return 0;
  if (running_) Stop();
  return gpu_ != nullptr ? gpu_->Milliseconds()
                         : Whole<std::chrono::milliseconds>(stop_cpu_ - start_cpu_);
}

float Timer::MicroSeconds() {
  if (!has_run_at_least_once_) return 0;
  if (running_) Stop();
  return gpu_ != nullptr ? gpu_->Milliseconds() * 1000
                         : Whole<std::chrono::microseconds>(stop_cpu_ - start_cpu_);
}

float Timer::Seconds() { return MilliSeconds() / 1000; }

void CPUTimer::Start() {
  if (running_) return;
  start_cpu_ = Clock::now();
  running_ = true;
  has_run_at_least_once_ = true;
}

void CPUTimer::Stop() {
  if (!running_) return;
  stop_cpu_ = Clock::now();
  running_ = false;
}

float CPUTimer::MilliSeconds() {
  if (!has_run_at_least_once_) return 0;
  if (running_) Stop();
  return Whole<std::chrono::milliseconds>(stop_cpu_ - start_cpu_);
}

float CPUTimer::MicroSeconds() {
  if (!has_run_at_least_once_) return 0;
  if (running_) Stop();
  return Whole<std::chrono::microseconds>(stop_cpu_ - start_cpu_);
}

}  // namespace caffe
