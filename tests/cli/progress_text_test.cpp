#include <gtest/gtest.h>

#include "caffe/cli/progress_line.hpp"

namespace caffe::cli {
namespace {

using std::chrono::milliseconds;

TEST(ProgressText, TellsRateAndTimeLeft) {
  const ProgressText::Clock::time_point start{};
  ProgressText text(1000);
  EXPECT_EQ(text.At(0, start), "0/1000  0.0 %");
  EXPECT_EQ(text.At(1, start + milliseconds(100)), "") << "too early";
  EXPECT_EQ(text.At(10, start + milliseconds(1000)), "10/1000  1.0 %  10 it/s  0:01:39 left");
  EXPECT_EQ(text.At(11, start + milliseconds(1100)), "");
}

TEST(ProgressText, RateIsOfTheLastSecondsAndTimeLeftOfTheRun) {
  const ProgressText::Clock::time_point start{};
  ProgressText text(2000);
  text.At(0, start);
  for (int i = 1; i <= 100; ++i) text.At(i, start + milliseconds(10000 + i * 1000));
  EXPECT_EQ(text.At(101, start + milliseconds(111000)), "101/2000  5.0 %  1 it/s  0:34:47 left");
}

TEST(ProgressText, ResumedRunsCountFromWhereTheyStart) {
  const ProgressText::Clock::time_point start{};
  ProgressText text(1000);
  text.At(900, start);
  EXPECT_EQ(text.At(910, start + milliseconds(5000)), "910/1000  91.0 %  2 it/s  0:00:45 left");
}

}  // namespace
}  // namespace caffe::cli
