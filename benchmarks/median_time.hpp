#ifndef BENCHMARKS_MEDIAN_TIME_HPP_
#define BENCHMARKS_MEDIAN_TIME_HPP_

#include <algorithm>
#include <chrono>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

namespace caffe {

inline double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/// Milliseconds of `rounds` calls of each function. The functions take turns, so that a machine
/// that slows down slows all of them, in an order that changes from round to round, so that what
/// one leaves in the caches helps none in particular; a first round does not count.
inline std::vector<std::vector<double>> InterleavedTimes(
    const std::vector<std::function<void()>>& functions, int rounds) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::vector<double>> times(functions.size());
  std::vector<size_t> order(functions.size());
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 engine(1701);
  for (int round = -1; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), engine);
    for (const size_t i : order) {
      const Clock::time_point start = Clock::now();
      functions[i]();
      const std::chrono::duration<double, std::milli> time = Clock::now() - start;
      if (round >= 0) times[i].push_back(time.count());
    }
  }
  return times;
}

/// The median of the same, for each function.
inline std::vector<double> MedianTimes(const std::vector<std::function<void()>>& functions,
                                       int rounds) {
  std::vector<double> medians;
  for (const std::vector<double>& all : InterleavedTimes(functions, rounds)) {
    medians.push_back(Median(all));
  }
  return medians;
}

}  // namespace caffe

#endif  // BENCHMARKS_MEDIAN_TIME_HPP_
