#ifndef BENCHMARKS_MEDIAN_TIME_HPP_
#define BENCHMARKS_MEDIAN_TIME_HPP_

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

namespace caffe {

/// Milliseconds of one call of each function: the median of `rounds` calls. The functions take
/// turns, so that a machine that slows down slows all of them; a first round does not count.
inline std::vector<double> MedianTimes(const std::vector<std::function<void()>>& functions,
                                       int rounds) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::vector<double>> times(functions.size());
  for (int round = -1; round < rounds; ++round) {
    for (size_t i = 0; i < functions.size(); ++i) {
      const Clock::time_point start = Clock::now();
      functions[i]();
      const std::chrono::duration<double, std::milli> time = Clock::now() - start;
      if (round >= 0) times[i].push_back(time.count());
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& all : times) {
    std::nth_element(all.begin(), all.begin() + all.size() / 2, all.end());
    medians.push_back(all[all.size() / 2]);
  }
  return medians;
}

}  // namespace caffe

#endif  // BENCHMARKS_MEDIAN_TIME_HPP_
