// Element-wise layers against their formulas in double precision.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {
namespace {

struct FunctionCase {
  string layer;
  std::function<double(double)> formula;
  /// Inputs are taken from [low, high], but for those within 0.02 of a corner of the function.
  double low = -4, high = 4;
  vector<double> corners = {};
};

vector<FunctionCase> Cases() {
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  return {
      {"type: 'Sigmoid'", sigmoid},
      {"type: 'TanH'", [](double x) { return std::tanh(x); }},
      {"type: 'ELU' elu_param { alpha: 0.5 }",
       [](double x) { return x > 0 ? x : 0.5 * (std::exp(x) - 1); },
       -4,
       4,
       {0}},
      {"type: 'Exp'", [](double x) { return std::exp(x); }, -2, 2},
      {"type: 'Exp' exp_param { base: 2 scale: 0.5 shift: -1 }",
       [](double x) { return std::pow(2, -1 + 0.5 * x); }},
      {"type: 'Swish'", [=](double x) { return x * sigmoid(x); }},
      {"type: 'Swish' swish_param { beta: 1.5 }", [=](double x) { return x * sigmoid(1.5 * x); }},
      {"type: 'SiLU'", [=](double x) { return x * sigmoid(x); }},
      {"type: 'Clip' clip_param { min: -1 max: 2 }",
       [](double x) { return std::min(2., std::max(-1., x)); },
       -4,
       4,
       {-1, 2}},
      {"type: 'ReLU6'", [](double x) { return std::min(6., std::max(0., x)); }, -8, 8, {0, 6}},
      {"type: 'GELU'", [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.))); }},
      {"type: 'GELU' gelu_param { approximate: true }",
       [](double x) {
         return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
       }},
      {"type: 'AbsVal'", [](double x) { return std::abs(x); }, -4, 4, {0}},
      {"type: 'BNLL'", [](double x) { return std::log1p(std::exp(x)); }},
      {"type: 'Log' log_param { base: 10 scale: 2 shift: 1 }",
       [](double x) { return std::log10(1 + 2 * x); }, 0.1, 4},
      {"type: 'Log'", [](double x) { return std::log(x); }, 0.3, 4},
      {"type: 'Power'", [](double x) { return x; }},
      {"type: 'Power' power_param { scale: -2 shift: 0.5 }", [](double x) { return 0.5 - 2 * x; }},
      {"type: 'Power' power_param { power: 2 scale: 0.5 shift: 1 }",
       [](double x) { return (1 + 0.5 * x) * (1 + 0.5 * x); }},
      {"type: 'Power' power_param { power: 0.375 scale: 0.75 shift: 0.5 }",
       [](double x) { return std::pow(0.5 + 0.75 * x, 0.375); }, 0.1, 4},
      {"type: 'Power' power_param { power: 0 shift: 3 }", [](double) { return 1; }},
      {"type: 'Power' power_param { power: 3 scale: 0 shift: 2 }", [](double) { return 8; }},
  };
}

template <typename TypeParam>
class FunctionLayersTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  /// Numbers all over the range of a case.
  Blob<Dtype>* Inputs(const FunctionCase& c) {
    Blob<Dtype>* blob = this->Empty();
    blob->Reshape({2, 3, 5, 7});
    for (int i = 0; i < blob->count(); ++i) {
      double x = c.low + (c.high - c.low) * (i * 37 % blob->count() + 0.5) / blob->count();
      for (const double corner : c.corners) {
        if (std::abs(x - corner) < 0.02) x = corner + 0.03;
      }
      blob->mutable_cpu_data()[i] = static_cast<Dtype>(x);
    }
    return blob;
  }
};

TYPED_TEST_SUITE(FunctionLayersTest, TestDtypesAndDevices);

TYPED_TEST(FunctionLayersTest, ValuesFollowTheFormula) {
  typedef typename TypeParam::Dtype Dtype;
  for (const FunctionCase& c : Cases()) {
    SCOPED_TRACE(c.layer);
    Blob<Dtype>* bottom = this->Inputs(c);
    Blob<Dtype>* top = this->Empty();
    this->Run(c.layer, {bottom}, {top});
    const double epsilon = sizeof(Dtype) == 8 ? 1e-13 : 5e-7;
    for (int i = 0; i < top->count(); ++i) {
      const double wanted = c.formula(static_cast<double>(bottom->cpu_data()[i]));
      ASSERT_NEAR(top->cpu_data()[i], wanted, epsilon * (1 + 4 * std::abs(wanted)))
          << "at x = " << bottom->cpu_data()[i];
    }
  }
}

TYPED_TEST(FunctionLayersTest, GradientsAreThoseOfTheFormula) {
  typedef typename TypeParam::Dtype Dtype;
  for (const FunctionCase& c : Cases()) {
    SCOPED_TRACE(c.layer);
    for (const bool in_place : {false, true}) {
      Blob<Dtype>* bottom = this->Inputs(c);
      Blob<Dtype>* inputs = this->Copy(*bottom);
      Blob<Dtype>* top = in_place ? bottom : this->Empty();
      const auto layer = this->Run(c.layer, {bottom}, {top});
      this->FillDiff(top);
      Blob<Dtype> dy;
      dy.CopyFrom(*top, true, true);
      layer->Backward({top}, {true}, {bottom});
      for (int i = 0; i < top->count(); ++i) {
        const double x = inputs->cpu_data()[i], step = 1e-5;
        const double slope = (c.formula(x + step) - c.formula(x - step)) / (2 * step);
        const double wanted = slope * dy.cpu_diff()[i];
        ASSERT_NEAR(bottom->cpu_diff()[i], wanted, 1e-5 * (1 + std::abs(wanted)))
            << (in_place ? "in place, " : "") << "at x = " << x;
      }
    }
  }
}

TYPED_TEST(FunctionLayersTest, ExtremeInputsGiveFiniteValues) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* type : {"Sigmoid", "TanH", "ELU", "ReLU6", "BNLL", "Swish", "GELU"}) {
    SCOPED_TRACE(type);
    Blob<Dtype>* bottom = this->Values({4}, {-1000, -90, 90, 1000});
    Blob<Dtype>* top = this->Empty();
    const auto layer = this->Run(string("type: '") + type + "'", {bottom}, {top});
    for (int i = 0; i < 4; ++i) top->mutable_cpu_diff()[i] = 1;
    layer->Backward({top}, {true}, {bottom});
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(std::isfinite(top->cpu_data()[i])) << i;
      EXPECT_TRUE(std::isfinite(bottom->cpu_diff()[i])) << i;
    }
  }
}

TYPED_TEST(FunctionLayersTest, ThresholdIsAStepWithoutGradient) {
  auto* bottom = this->Values({4}, {-1, 0.5, 0.51, 3});
  auto* top = this->Empty();
  const auto layer =
      this->Run("type: 'Threshold' threshold_param { threshold: 0.5 }", {bottom}, {top});
  this->ExpectValues(*top, {0, 0, 1, 1});
  EXPECT_NE(ErrorOf([&] { layer->Backward({top}, {true}, {bottom}); }).find("no gradient"),
            string::npos);
}

TYPED_TEST(FunctionLayersTest, RefusesWhatMakesNoFunction) {
  auto* bottom = this->Values({1}, {1});
  auto* top = this->Empty();
  const auto error = [&](const string& text) { return this->ErrorOfRun(text, {bottom}, {top}); };
  EXPECT_NE(error("type: 'ELU' elu_param { alpha: -1 }").find("alpha is -1"), string::npos);
  EXPECT_NE(error("type: 'Clip' clip_param { min: 2 max: 1 }").find("min is 2"), string::npos);
  EXPECT_NE(error("type: 'Clip'").find("clip_param"), string::npos);
  EXPECT_NE(error("type: 'Exp' exp_param { base: 0 }").find("base is 0"), string::npos);
  EXPECT_NE(error("type: 'Log' log_param { base: 1 }").find("base is 1"), string::npos);
}

}  // namespace
}  // namespace caffe
