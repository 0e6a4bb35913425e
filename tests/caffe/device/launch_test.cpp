#include "caffe/device/launch.hpp"

#include <gtest/gtest.h>

#include <omp.h>

#include <numeric>
#include <vector>

namespace caffe {
namespace {

// A size below and one above the number of elements at which threads join.
constexpr int64_t kSizes[] = {1, 7, 8, 9, 1000, 16384, 50001};

TEST(CpuLaunchTest, ForEachVisitsEveryIndexOnce) {
  for (const int64_t n : kSizes) {
    std::vector<int> visits(n, 0);
    int* v = visits.data();
    ForEach<Cpu>(n, [=](int64_t i) { ++v[i]; });
    EXPECT_EQ(visits, std::vector<int>(n, 1));
  }
  ForEach<Cpu>(0, [](int64_t) { FAIL() << "nothing to visit"; });
}

TEST(CpuLaunchTest, ForEachPlaneNumbersPlanesAndPlaces) {
  std::vector<int64_t> seen(7 * 5000, -1);
  int64_t* s = seen.data();
  ForEachPlane<Cpu>(7, 5000, [=](int64_t p, int64_t k) { s[p * 5000 + k] = p * 5000 + k; });
  std::vector<int64_t> wanted(seen.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  EXPECT_EQ(seen, wanted);
}

TEST(CpuLaunchTest, ReduceSumsEveryElementOnce) {
  for (const int64_t outer : {1, 3}) {
    for (const int64_t inner : kSizes) {
      for (const int64_t outputs : {1, 4}) {
        std::vector<double> sums(outputs, -1);
        double* s = sums.data();
        Reduce<Cpu>(
            outputs, outer, inner,
            [=](int64_t o, int64_t j, int64_t k) { return double(o * 3 + j * 2 + k % 5); },
            [=](int64_t o, double sum) { s[o] = sum; });
        for (int64_t o = 0; o < outputs; ++o) {
          double wanted = 0;
          for (int64_t j = 0; j < outer; ++j) {
            for (int64_t k = 0; k < inner; ++k) wanted += o * 3 + j * 2 + k % 5;
          }
          EXPECT_EQ(sums[o], wanted) << outputs << " " << outer << " " << inner;
        }
      }
    }
  }
}

TEST(CpuLaunchTest, SumsAreTheSameToTheBitForAnyNumberOfThreads) {
  std::vector<float> x(200001);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 1.0f / float(i + 1);
  const float* values = x.data();
  const auto sum = [&](int threads) {
    omp_set_num_threads(threads);
    float result = 0;
    float* r = &result;
    Reduce<Cpu>(
        1, 1, int64_t(x.size()), [=](int64_t, int64_t, int64_t k) { return values[k]; },
        [=](int64_t, float total) { *r = total; });
    return result;
  };
  const int threads = omp_get_max_threads();
  const float one = sum(1);
  EXPECT_EQ(one, sum(2));
  EXPECT_EQ(one, sum(7));
  omp_set_num_threads(threads);
}

TEST(CpuLaunchTest, MaximumOfNegativeNumbers) {
  const std::vector<double> x = {-5, -3, -9};
  const double* values = x.data();
  double largest = 0;
  double* l = &largest;
  Reduce<Cpu, Maximum>(
      1, 1, 3, [=](int64_t, int64_t, int64_t k) { return values[k]; },
      [=](int64_t, double total) { *l = total; });
  EXPECT_EQ(largest, -3);
}

}  // namespace
}  // namespace caffe
