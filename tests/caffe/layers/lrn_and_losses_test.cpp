// LRN, EuclideanLoss and SigmoidCrossEntropyLoss against slow loops.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class LrnAndLossesTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  void CheckGradient(const string& text, const vector<Blob<Dtype>*>& bottom, int check) {
    const auto layer = this->Make(text);
    GradientChecker<Dtype> checker(1e-2, 5e-3, 1701);
    checker.CheckGradientExhaustive(layer.get(), bottom, {this->Empty()}, check);
  }
};

TYPED_TEST_SUITE(LrnAndLossesTest, TestDtypesAndDevices);

TYPED_TEST(LrnAndLossesTest, LrnAcrossChannels) {
  const string text = "type: 'LRN' lrn_param { local_size: 3 alpha: 0.6 beta: 0.7 k: 1.5 }";
  auto* bottom = this->Random({2, 7, 3, 2});
  auto* top = this->Empty();
  this->Run(text, {bottom}, {top});
  for (int n = 0; n < 2; ++n) {
    for (int c = 0; c < 7; ++c) {
      for (int i = 0; i < 6; ++i) {
        double sum = 0;
        for (int other = std::max(0, c - 1); other <= std::min(6, c + 1); ++other) {
          sum += std::pow(bottom->cpu_data()[(n * 7 + other) * 6 + i], 2);
        }
        const double x = bottom->cpu_data()[(n * 7 + c) * 6 + i];
        EXPECT_NEAR(top->cpu_data()[(n * 7 + c) * 6 + i], x * std::pow(1.5 + 0.6 / 3 * sum, -0.7),
                    1e-5);
      }
    }
  }
  this->CheckGradient(text, {this->Random({1, 5, 2, 2})}, -1);
}

TYPED_TEST(LrnAndLossesTest, LrnWithinChannelIgnoresK) {
  const string text =
      "type: 'LRN' lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 2 k: 9 }";
  auto* bottom = this->Random({1, 2, 4, 5});
  auto* top = this->Empty();
  this->Run(text, {bottom}, {top});
  for (int c = 0; c < 2; ++c) {
    for (int h = 0; h < 4; ++h) {
      for (int w = 0; w < 5; ++w) {
        double sum = 0;
        for (int y = std::max(0, h - 1); y <= std::min(3, h + 1); ++y) {
          for (int x = std::max(0, w - 1); x <= std::min(4, w + 1); ++x) {
            sum += std::pow(bottom->data_at(0, c, y, x), 2);
          }
        }
        EXPECT_NEAR(top->data_at(0, c, h, w),
                    bottom->data_at(0, c, h, w) * std::pow(1 + 2. / 9 * sum, -0.75), 1e-5);
      }
    }
  }
  this->CheckGradient(text, {this->Random({1, 2, 3, 3})}, -1);
}

TYPED_TEST(LrnAndLossesTest, LrnRefusesAnEvenSize) {
  auto* bottom = this->Random({1, 2, 3, 3});
  EXPECT_NE(this->ErrorOfRun("type: 'LRN' lrn_param { local_size: 4 }", {bottom}, {this->Empty()})
                .find("local_size is 4"),
            string::npos);
}

TYPED_TEST(LrnAndLossesTest, EuclideanLossAndBothGradients) {
  auto* a = this->Values({2, 2}, {1, 2, 3, 4});
  auto* b = this->Values({2, 2}, {0, 4, 3, 1});
  auto* top = this->Empty();
  this->Run("type: 'EuclideanLoss' loss_weight: 2", {a, b}, {top});
  this->ExpectValues(*top, {(1 + 4 + 0 + 9) / 4.});
  for (const int check : {0, 1}) {
    this->CheckGradient("type: 'EuclideanLoss' loss_weight: 2",
                        {this->Random({3, 4}), this->Random({3, 4})}, check);
  }
  EXPECT_NE(this->ErrorOfRun("type: 'EuclideanLoss'", {a, this->Random({2, 3})}, {top})
                .find("as many elements"),
            string::npos);
}

TYPED_TEST(LrnAndLossesTest, SigmoidCrossEntropyOfFractions) {
  auto* scores = this->Values({2, 2}, {0.5, -3, 30, -40});
  auto* targets = this->Values({2, 2}, {0.25, 1, 1, 0});
  const auto loss = [](double x, double t) {
    const double s = 1 / (1 + std::exp(-x));
    return -(t * std::log(s) + (1 - t) * std::log(1 - s));
  };
  const double sum = loss(0.5, 0.25) + loss(-3, 1);
  const vector<std::pair<string, double>> cases = {
      {"", sum / 2},
      {"normalization: FULL", sum / 4},
      {"normalization: NONE", sum},
      {"normalize: true", sum / 4},
      {"ignore_label: 1 normalization: VALID", loss(0.5, 0.25) / 2}};
  for (const auto& [param, wanted] : cases) {
    SCOPED_TRACE(param);
    auto* top = this->Empty();
    this->Run("type: 'SigmoidCrossEntropyLoss' loss_param { " + param + " }", {scores, targets},
              {top});
    EXPECT_NEAR(top->cpu_data()[0], wanted, 1e-5);
  }
}

TYPED_TEST(LrnAndLossesTest, SigmoidCrossEntropyGradient) {
  auto* scores = this->Random({3, 4});
  auto* targets = this->Values({3, 4}, {0, 1, 0.5, 1, 0, 0, 1, 0.2, 0.9, 1, 0, 1});
  this->CheckGradient("type: 'SigmoidCrossEntropyLoss'", {scores, targets}, 0);
  for (int i = 0; i < 12; ++i) targets->mutable_cpu_data()[i] = i % 3 == 0 ? -1 : i % 2;
  this->CheckGradient("type: 'SigmoidCrossEntropyLoss' loss_param { ignore_label: -1 }",
                      {scores, targets}, 0);
}

}  // namespace
}  // namespace caffe
