#include "caffe/util/benchmark.hpp"

#include <thread>

#include "caffe/test/test_caffe_main.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class BenchmarkTest : public MultiDeviceTest<TypeParam> {};

TYPED_TEST_SUITE(BenchmarkTest, TestDtypesAndDevices);

TYPED_TEST(BenchmarkTest, KnowsWhetherItRuns) {
  Timer timer;
  EXPECT_TRUE(timer.initted());
  EXPECT_FALSE(timer.running());
  EXPECT_FALSE(timer.has_run_at_least_once());
  EXPECT_EQ(timer.MilliSeconds(), 0);
  timer.Start();
  EXPECT_TRUE(timer.running());
  EXPECT_TRUE(timer.has_run_at_least_once());
  timer.Stop();
  EXPECT_FALSE(timer.running());
}

TYPED_TEST(BenchmarkTest, MeasuresUpToTheQuestion) {
  Timer timer;
  timer.Start();
  EXPECT_GE(timer.MicroSeconds(), 0);
  EXPECT_FALSE(timer.running()) << "asking stops it";
}

TEST(CpuTimer, MeasuresSleepInWholeUnits) {
  CPUTimer timer;
  timer.Start();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  timer.Stop();
  EXPECT_GE(timer.MilliSeconds(), 5);
  EXPECT_GE(timer.MicroSeconds(), 5000);
  EXPECT_EQ(timer.MilliSeconds(), std::floor(timer.MilliSeconds()));
  EXPECT_EQ(timer.MilliSeconds(), std::floor(timer.MicroSeconds() / 1000));
  EXPECT_FLOAT_EQ(timer.Seconds(), timer.MilliSeconds() / 1000);
}

}  // namespace
}  // namespace caffe
