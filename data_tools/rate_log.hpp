#ifndef DATA_TOOLS_RATE_LOG_HPP_
#define DATA_TOOLS_RATE_LOG_HPP_

#include <chrono>
#include <cstdint>
#include <string>

namespace caffe {

/// Logs now and then how far a long piece of work has come, how fast it goes, and how long it will
/// take.
class RateLog {
 public:
  explicit RateLog(std::string name) : name_(std::move(name)) {}
  /// @param done, total  images, counting those of an earlier run
  void Update(uint64_t done, uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;

  std::string name_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  uint64_t first_ = 0;
};

/// "1 h 5 min", "3 min", "20 s".
std::string DurationText(double seconds);

}  // namespace caffe

#endif  // DATA_TOOLS_RATE_LOG_HPP_
