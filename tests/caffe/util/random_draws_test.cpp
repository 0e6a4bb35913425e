#include "caffe/util/random_draws.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/math_functions.hpp"

namespace caffe {
namespace {

constexpr int kDraws = 200000;

template <typename Dtype>
class RandomDrawsTest : public ::testing::Test {
 protected:
  const Philox philox_{RandomKey(17, RandomPurpose::kForward), 3};
};

TYPED_TEST_SUITE(RandomDrawsTest, TestDtypes);

/// The largest distance between the empirical and the given distribution function; beyond
/// 1.95 / sqrt(n) it is improbable (0.1 %; Kolmogorov and Smirnov).
template <typename Dtype, typename Cdf>
double Distance(std::vector<Dtype> draws, const Cdf& cdf) {
  std::sort(draws.begin(), draws.end());
  double distance = 0;
  for (size_t i = 0; i < draws.size(); ++i) {
    const double expected = cdf(draws[i]);
    distance = std::max({distance, std::abs(expected - double(i) / draws.size()),
                         std::abs(expected - double(i + 1) / draws.size())});
  }
  return distance;
}

TYPED_TEST(RandomDrawsTest, UniformFillsItsRange) {
  std::vector<TypeParam> draws(kDraws);
  for (int i = 0; i < kDraws; ++i) {
    draws[i] = UniformDraw(this->philox_, 8, i, TypeParam(-2), TypeParam(3));
    ASSERT_GE(draws[i], -2);
    ASSERT_LE(draws[i], 3);
  }
  EXPECT_LT(Distance(draws, [](double x) { return (x + 2) / 5; }), 1.95 / std::sqrt(kDraws));
}

TYPED_TEST(RandomDrawsTest, GaussianIsNormal) {
  std::vector<TypeParam> draws(kDraws);
  double neighbours = 0;
  for (int i = 0; i < kDraws; ++i) {
    draws[i] = GaussianDraw(this->philox_, 0, i, TypeParam(5), TypeParam(2));
    if (i % 2 == 1) neighbours += (draws[i] - 5) / 2 * ((draws[i - 1] - 5) / 2);
  }
  const auto cdf = [](double x) { return 0.5 * std::erfc(-(x - 5) / 2 / std::sqrt(2.0)); };
  EXPECT_LT(Distance(draws, cdf), 1.95 / std::sqrt(kDraws));
  // The mean of products of independent standard normals has deviation 1 / sqrt(pairs).
  EXPECT_LT(std::abs(neighbours / (kDraws / 2)), 3.3 / std::sqrt(kDraws / 2));
}

TYPED_TEST(RandomDrawsTest, ArraysAreTheElementsInAnyOrder) {
  Caffe::set_random_seed(4);
  std::vector<TypeParam> many(33), few(7);
  caffe_rng_gaussian<TypeParam>(33, 0, 1, many.data());
  Caffe::set_random_seed(4);
  caffe_rng_gaussian<TypeParam>(7, 0, 1, few.data());
  for (int i = 0; i < 7; ++i) EXPECT_EQ(many[i], few[i]);
  const Philox philox(RandomKey(4, RandomPurpose::kSequential), 0);
  for (int i = 32; i >= 0; --i) {
    EXPECT_EQ(GaussianDraw(philox, 0, i, TypeParam(0), TypeParam(1)), many[i]);
  }
}

TYPED_TEST(RandomDrawsTest, ConsecutiveArraysShareNoWords) {
  Caffe::set_random_seed(4);
  std::vector<TypeParam> first(5), second(5);
  caffe_rng_uniform<TypeParam>(5, 0, 1, first.data());
  caffe_rng_uniform<TypeParam>(5, 0, 1, second.data());
  for (TypeParam a : first) {
    for (TypeParam b : second) EXPECT_NE(a, b);
  }
}

TEST(BernoulliDrawTest, HappensAtItsRate) {
  const Philox philox(RandomKey(18, RandomPurpose::kForward), 0);
  for (double rate : {0.0, 0.1, 0.5, 1.0}) {
    int happened = 0;
    for (int i = 0; i < kDraws; ++i) happened += BernoulliDraw(philox, 0, i, BernoulliBound(rate));
    const double deviation = std::sqrt(rate * (1 - rate) * kDraws);
    EXPECT_LE(std::abs(happened - rate * kDraws), 3.3 * deviation) << rate;
  }
}

}  // namespace
}  // namespace caffe
