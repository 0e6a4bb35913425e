#include "solver/lr_policy.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {
namespace {

SolverParameter Parse(const std::string& text) {
  SolverParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param));
  return param;
}

double RateAt(const std::string& text, int64_t iteration) {
  int step = 0;
  return LrPolicy(Parse(text)).Rate(iteration, &step);
}

std::string ErrorOf(const std::string& text) {
  try {
    const LrPolicy policy(Parse(text));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// Values of Caffe, to the digits that its documentation and logs show.
TEST(LrPolicyTest, WorkedValues) {
  const std::string inv = "lr_policy: 'inv' base_lr: 0.01 gamma: 0.0001 power: 0.75";
  EXPECT_NEAR(RateAt(inv, 100), 0.00992565, 5e-9);
  EXPECT_NEAR(RateAt(inv, 5000), 0.00737788, 5e-9);
  EXPECT_NEAR(RateAt(inv, 9900), 0.00596843, 5e-9);
  EXPECT_NEAR(RateAt("lr_policy: 'poly' base_lr: 0.1 power: 2 max_iter: 1000", 250), 0.05625, 1e-8);
  EXPECT_NEAR(RateAt("lr_policy: 'fixed' base_lr: 0.5", 12345), 0.5, 0);
  EXPECT_NEAR(RateAt("lr_policy: 'exp' base_lr: 1 gamma: 0.5", 3), 0.125, 1e-12);
  EXPECT_NEAR(RateAt("lr_policy: 'sigmoid' base_lr: 2 gamma: 0.5 stepsize: 10", 10), 1, 1e-12);
  EXPECT_NEAR(RateAt("lr_policy: 'sigmoid' base_lr: 2 gamma: 0.5 stepsize: 10", 14),
              2 / (1 + std::exp(-2.0)), 1e-12);
}

TEST(LrPolicyTest, StepCountsItsSteps) {
  const LrPolicy policy(Parse("lr_policy: 'step' base_lr: 1 gamma: 0.5 stepsize: 10 max_iter: 30"));
  int step = 0;
  EXPECT_DOUBLE_EQ(policy.Rate(9, &step), 1);
  EXPECT_EQ(step, 0);
  EXPECT_DOUBLE_EQ(policy.Rate(20, &step), 0.25);
  EXPECT_EQ(step, 2);
  EXPECT_EQ(policy.Decays(), (std::vector<int64_t>{10, 20}));
}

TEST(LrPolicyTest, MultistepTakesOneStepAnIteration) {
  const LrPolicy rising(
      Parse("lr_policy: 'multistep' base_lr: 1 gamma: 0.5 stepvalue: 5 "
            "stepvalue: 6 max_iter: 100"));
  const LrPolicy equal(
      Parse("lr_policy: 'multistep' base_lr: 1 gamma: 0.5 stepvalue: 5 "
            "stepvalue: 5 max_iter: 100"));
  const int expected[] = {0, 0, 0, 0, 0, 1, 2, 2};
  int rising_step = 0, equal_step = 0;
  for (int k = 0; k < 8; ++k) {
    EXPECT_DOUBLE_EQ(rising.Rate(k, &rising_step), std::pow(0.5, expected[k]));
    EXPECT_DOUBLE_EQ(equal.Rate(k, &equal_step), std::pow(0.5, expected[k]));
    EXPECT_EQ(rising_step, expected[k]) << k;
    EXPECT_EQ(equal_step, expected[k]) << k;
  }
  EXPECT_EQ(rising.Decays(), (std::vector<int64_t>{5, 6}));
  EXPECT_EQ(equal.Decays(), (std::vector<int64_t>{5, 6}));
}

TEST(LrPolicyTest, DecaysBeyondTheRunDoNotCount) {
  const LrPolicy policy(
      Parse("lr_policy: 'multistep' base_lr: 1 gamma: 0.1 stepvalue: 5 "
            "stepvalue: 50 max_iter: 50"));
  EXPECT_EQ(policy.Decays(), (std::vector<int64_t>{5}));
  EXPECT_TRUE(LrPolicy(Parse("lr_policy: 'poly' power: 1 max_iter: 9")).Decays().empty());
}

TEST(LrPolicyTest, CosineBehindWarmup) {
  const std::string text =
      "lr_policy: 'cosine' base_lr: 1 min_lr: 0.2 max_iter: 110 warmup_iter: 10 "
      "warmup_start_factor: 0.5";
  EXPECT_NEAR(RateAt(text, 0), 0.5, 1e-7);
  EXPECT_NEAR(RateAt(text, 5), 0.75, 1e-7);
  EXPECT_NEAR(RateAt(text, 10), 1, 1e-7);
  EXPECT_NEAR(RateAt(text, 60), 0.6, 1e-7);
  EXPECT_NEAR(RateAt(text, 35), 0.2 + 0.8 * 0.5 * (1 + std::sqrt(0.5)), 1e-7);
  EXPECT_NEAR(RateAt(text, 110), 0.2, 1e-7);
  EXPECT_NEAR(RateAt(text, 500), 0.2, 1e-7);
}

TEST(LrPolicyTest, WarmupInFrontOfMultistep) {
  const LrPolicy policy(
      Parse("lr_policy: 'multistep' base_lr: 2 gamma: 0.1 stepvalue: 3 "
            "warmup_iter: 4 max_iter: 9"));
  int step = 0;
  EXPECT_NEAR(policy.Rate(0, &step), 0, 0);
  EXPECT_NEAR(policy.Rate(1, &step), 0.5, 1e-7);
  EXPECT_NEAR(policy.Rate(3, &step), 0.75 * 2 * 0.1, 1e-7);
  EXPECT_NEAR(policy.Rate(4, &step), 0.2, 1e-7);
}

TEST(LrPolicyTest, RefusesWhatCannotWork) {
  EXPECT_NE(ErrorOf("base_lr: 1").find("the solver has no lr_policy"), std::string::npos);
  EXPECT_NE(ErrorOf("lr_policy: 'stepp'").find("unknown lr_policy 'stepp'"), std::string::npos);
  for (const char* policy : {"step", "exp", "inv", "multistep", "sigmoid"}) {
    const std::string text = std::string("stepsize: 5 gamma: -0.5 lr_policy: '") + policy + "'";
    EXPECT_NE(ErrorOf(text).find("gamma is -0.5"), std::string::npos) << policy;
  }
  EXPECT_NE(ErrorOf("lr_policy: 'step' gamma: 0.1").find("stepsize is 0"), std::string::npos);
  EXPECT_NE(ErrorOf("lr_policy: 'sigmoid'").find("stepsize is 0"), std::string::npos);
  EXPECT_NE(ErrorOf("lr_policy: 'poly' power: 1").find("max_iter is 0"), std::string::npos);
  EXPECT_NE(ErrorOf("lr_policy: 'multistep' stepvalue: 5 stepvalue: 4").find("must rise"),
            std::string::npos);
  EXPECT_NE(ErrorOf("lr_policy: 'cosine' max_iter: 5 warmup_iter: 5").find("below max_iter"),
            std::string::npos);
  EXPECT_NE(ErrorOf("lr_policy: 'fixed' warmup_start_factor: 1.5").find("[0, 1]"),
            std::string::npos);
}

}  // namespace
}  // namespace caffe
