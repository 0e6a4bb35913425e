#include "data_tools/pixel_sums.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace caffe {
namespace {

struct Oracle {
  uint64_t count = 0, sum = 0, squares = 0;
  void Add(uint64_t value) {
    ++count;
    sum += value;
    squares += value * value;
  }
};

void ExpectSums(const PixelSums& sums, const std::vector<Oracle>& oracle) {
  ASSERT_EQ(sums.channels().size(), oracle.size());
  for (size_t c = 0; c < oracle.size(); ++c) {
    EXPECT_EQ(sums.channels()[c].count, oracle[c].count) << c;
    EXPECT_EQ(sums.channels()[c].sum, oracle[c].sum) << c;
    EXPECT_EQ(sums.channels()[c].squares, oracle[c].squares) << c;
  }
}

TEST(PixelSumsTest, BothLayoutsAndAllLengths) {
  std::mt19937 engine(1701);
  for (int channels = 1; channels <= 7; ++channels) {
    for (const size_t pixels : {1u, 31u, 32u, 95u, 96u, 97u, 1000u}) {
      std::vector<unsigned char> values(pixels * channels);
      for (unsigned char& value : values) value = static_cast<unsigned char>(engine());
      std::vector<Oracle> planes(channels), turns(channels);
      for (size_t i = 0; i < values.size(); ++i) {
        planes[i / pixels].Add(values[i]);
        turns[i % channels].Add(values[i]);
      }
      PixelSums sums;
      sums.AddPlanes(values.data(), channels, pixels);
      ExpectSums(sums, planes);
      PixelSums by_turns;
      by_turns.AddPixels(values.data(), channels, pixels);
      ExpectSums(by_turns, turns);
    }
  }
}

TEST(PixelSumsTest, WhiteImagesDoNotOverflow) {
  const size_t pixels = 3000 * 4000;
  const std::vector<unsigned char> values(3 * pixels, 255);
  PixelSums sums;
  sums.AddPixels(values.data(), 3, pixels);
  sums.AddPlanes(values.data(), 3, pixels);
  ExpectSums(sums, std::vector<Oracle>(3, {2 * pixels, 2 * pixels * 255, 2 * pixels * 65025}));
  EXPECT_EQ(sums.mean(0), 255);
  EXPECT_EQ(sums.standard_deviation(2), 0);
}

TEST(PixelSumsTest, MergesSwapsAndMeasures) {
  const unsigned char one[] = {1, 2, 3, 5, 6, 9}, two[] = {100, 200, 50};
  PixelSums sums, other;
  sums.AddPixels(one, 3, 2);
  other.AddPixels(two, 3, 1);
  EXPECT_TRUE(sums.Merge(other));
  const double mean = (1 + 5 + 100) / 3.0;
  EXPECT_DOUBLE_EQ(sums.mean(0), mean);
  const double variance =
      (std::pow(1 - mean, 2) + std::pow(5 - mean, 2) + std::pow(100 - mean, 2)) / 3;
  EXPECT_NEAR(sums.standard_deviation(0), std::sqrt(variance), 1e-9);
  sums.SwapOuterChannels();
  EXPECT_DOUBLE_EQ(sums.mean(2), mean);
  PixelSums grey;
  grey.AddPlanes(one, 1, 6);
  EXPECT_FALSE(sums.Merge(grey));
  PixelSums empty;
  EXPECT_TRUE(empty.Merge(grey));
  EXPECT_EQ(empty.channels()[0].sum, 26u);
}

}  // namespace
}  // namespace caffe
