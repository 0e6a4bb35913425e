#include "solver/drop_schedule.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {
namespace {

DropSchedule Make(const std::string& text, const std::vector<int64_t>& decays = {}) {
  DropRateParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param));
  return DropSchedule("layer_drop_rate", param, decays);
}

std::string ErrorOf(const std::string& text, const std::vector<int64_t>& decays = {}) {
  try {
    Make(text, decays);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(DropScheduleTest, Fixed) {
  const DropSchedule schedule = Make("value: 0.25");
  EXPECT_DOUBLE_EQ(schedule.Rate(0), 0.25);
  EXPECT_DOUBLE_EQ(schedule.Rate(1000000), 0.25);
}

TEST(DropScheduleTest, AdaptiveRisesAtEveryDecay) {
  const DropSchedule schedule = Make("policy: 'adaptive' initial: 0 final: 0.75", {60, 120, 160});
  EXPECT_DOUBLE_EQ(schedule.Rate(0), 0);
  EXPECT_DOUBLE_EQ(schedule.Rate(59), 0);
  EXPECT_DOUBLE_EQ(schedule.Rate(60), 0.25);
  EXPECT_DOUBLE_EQ(schedule.Rate(119), 0.25);
  EXPECT_DOUBLE_EQ(schedule.Rate(120), 0.5);
  EXPECT_DOUBLE_EQ(schedule.Rate(160), 0.75);
  EXPECT_DOUBLE_EQ(schedule.Rate(200), 0.75);
}

// The published training script: 200 epochs, decays at 60 and 120, drop rate up at 62 and 122.
TEST(DropScheduleTest, Reference) {
  const DropSchedule schedule = Make(
      "policy: 'reference' initial: 0.03125 final: 0.25 iterations_per_epoch: 10 "
      "milestone: 60 milestone: 120");
  EXPECT_DOUBLE_EQ(schedule.Rate(0), 0.03125);
  EXPECT_DOUBLE_EQ(schedule.Rate(619), 0.03125);
  EXPECT_DOUBLE_EQ(schedule.Rate(620), 0.125);
  EXPECT_DOUBLE_EQ(schedule.Rate(1219), 0.125);
  EXPECT_DOUBLE_EQ(schedule.Rate(1220), 0.25);
}

TEST(DropScheduleTest, TellsWhereItChanges) {
  using Iterations = std::vector<int64_t>;
  EXPECT_EQ(Make("value: 0.25").Changes(), Iterations{});
  EXPECT_EQ(Make("policy: 'adaptive' initial: 0 final: 1", {60, 120}).Changes(),
            (Iterations{60, 120}));
  EXPECT_EQ(Make("policy: 'linear' initial: 0 final: 1 end_iter: 9").Changes(), Iterations{9});
  EXPECT_EQ(Make("policy: 'linear' initial: 0 final: 1 start_iter: 5 end_iter: 9").Changes(),
            (Iterations{5, 9}));
  EXPECT_EQ(Make("policy: 'multistep' initial: 0 stepvalue: 7 rate: 1").Changes(), Iterations{7});
  EXPECT_EQ(Make("policy: 'curriculum' final: 0.5 gamma: 0.1").Changes(), Iterations{});
}

TEST(DropScheduleTest, Linear) {
  const DropSchedule schedule =
      Make("policy: 'linear' initial: 0.5 final: 0 start_iter: 10 end_iter: 30");
  EXPECT_DOUBLE_EQ(schedule.Rate(0), 0.5);
  EXPECT_DOUBLE_EQ(schedule.Rate(15), 0.375);
  EXPECT_DOUBLE_EQ(schedule.Rate(30), 0);
  EXPECT_DOUBLE_EQ(schedule.Rate(99), 0);
}

TEST(DropScheduleTest, Multistep) {
  const DropSchedule schedule =
      Make("policy: 'multistep' initial: 0 stepvalue: 5 rate: 0.5 stepvalue: 9 rate: 0.25");
  EXPECT_DOUBLE_EQ(schedule.Rate(4), 0);
  EXPECT_DOUBLE_EQ(schedule.Rate(5), 0.5);
  EXPECT_DOUBLE_EQ(schedule.Rate(9), 0.25);
}

TEST(DropScheduleTest, Curriculum) {
  const DropSchedule schedule = Make("policy: 'curriculum' final: 0.5 gamma: 0.125");
  EXPECT_DOUBLE_EQ(schedule.Rate(0), 0);
  EXPECT_DOUBLE_EQ(schedule.Rate(8), 0.5 * (1 - std::exp(-1.0)));
  EXPECT_NEAR(schedule.Rate(10000), 0.5, 1e-12);
}

TEST(DropScheduleTest, RefusesWithAReason) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"policy: 'adaptiv'", "unknown policy 'adaptiv'"},
      {"policy: 'fixed'", "'value' is missing"},
      {"value: 1.5", "'value' is 1.5, a rate must be in [0, 1]"},
      {"value: -0.5", "'value' is -0.5"},
      {"value: nan", "'value' is nan"},
      {"policy: 'adaptive' initial: 0", "'final' is missing"},
      {"policy: 'adaptive' initial: 0 final: 0.3", "no such points"},
      {"policy: 'linear' initial: 0 final: 1", "'end_iter' is missing"},
      {"policy: 'linear' initial: 0 final: 1 start_iter: 5 end_iter: 5", "below 'end_iter'"},
      {"policy: 'multistep' initial: 0 stepvalue: 5", "one rate for each step"},
      {"policy: 'multistep' initial: 0 stepvalue: 5 rate: 2", "'rate' is 2"},
      {"policy: 'multistep' initial: 0 stepvalue: 5 rate: 0 stepvalue: 5 rate: 0", "must rise"},
      {"policy: 'curriculum' final: 0.5", "'gamma' is 0"},
      {"policy: 'reference' initial: 0 final: 1", "'iterations_per_epoch' is 0"},
      {"policy: 'reference' initial: 0 final: 1 iterations_per_epoch: 9 milestone: 1",
       "two values of 'milestone'"},
  };
  for (const auto& bad : cases) {
    const std::string error = ErrorOf(bad.text);
    EXPECT_NE(error.find(bad.message), std::string::npos) << bad.text << "\n" << error;
    EXPECT_EQ(error.find("layer_drop_rate"), 0u) << error;
  }
}

}  // namespace
}  // namespace caffe
