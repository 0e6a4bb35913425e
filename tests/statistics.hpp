#ifndef TESTS_STATISTICS_HPP_
#define TESTS_STATISTICS_HPP_

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

// Counts of random draws against the probabilities that they should have. The draws of a right
// distribution fail for one seed in 10,000, so tests fix their seeds.

namespace caffe {

/// Upper quantile of chi-square at alpha = 1e-4 (Wilson and Hilferty).
inline double ChiSquareLimit(int degrees) {
  const double z = 3.719, t = 2.0 / (9 * degrees);
  return degrees * std::pow(1 - t + z * std::sqrt(t), 3);
}

/// Counts against the probabilities of mutually exclusive outcomes.
inline void ExpectOutcomes(const std::vector<double>& counts,
                           const std::vector<double>& probabilities, const std::string& what) {
  ASSERT_EQ(counts.size(), probabilities.size());
  double trials = 0, sum = 0, chi = 0;
  for (const double n : counts) trials += n;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = probabilities[i] * trials;
    sum += probabilities[i];
    chi += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  ASSERT_NEAR(sum, 1, 1e-9) << what;
  EXPECT_LT(chi, ChiSquareLimit(static_cast<int>(counts.size()) - 1)) << what;
}

/// Counts of independent events of one probability, each out of `trials`.
inline void ExpectRates(const std::vector<double>& counts, double rate, double trials,
                        const std::string& what) {
  double chi = 0;
  for (const double n : counts) {
    chi += (n - rate * trials) * (n - rate * trials) / (rate * (1 - rate) * trials);
  }
  EXPECT_LT(chi, ChiSquareLimit(static_cast<int>(counts.size()))) << what;
}

}  // namespace caffe

#endif  // TESTS_STATISTICS_HPP_
