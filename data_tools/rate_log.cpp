#include "data_tools/rate_log.hpp"

#include <glog/logging.h>

namespace caffe {

namespace {

constexpr std::chrono::seconds kInterval{10};

}  // namespace

void RateLog::Update(uint64_t done, uint64_t total) {
  if (first_ == 0) first_ = done;
  const Clock::time_point now = Clock::now();
  if (now - last_ < kInterval) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done - first_) / seconds;
  if (rate <= 0) return;
  LOG(INFO) << name_ << ": " << done << " of " << total << " images, "
            << static_cast<int>(rate + 0.5) << " images/s, "
            << DurationText(static_cast<double>(total - done) / rate) << " left";
}

std::string DurationText(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 60) return std::to_string(whole) + " s";
  const int64_t minutes = (whole + 30) / 60;
  if (minutes < 60) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

}  // namespace caffe
