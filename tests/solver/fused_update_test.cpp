#include "solver/fused_update.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class FusedUpdateTest : public MultiDeviceTest<TypeParam> {
 public:
  typedef typename TypeParam::Dtype Dtype;

 protected:
  /// A parameter and its history, filled with random numbers.
  struct Values {
    explicit Values(int count) : weight(vector<int>{count}), history(vector<int>{count}) {}
    Blob<Dtype> weight, history;
  };

  shared_ptr<Values> MakeValues(int count) {
    auto values = std::make_shared<Values>(count);
    std::normal_distribution<double> normal;
    for (int i = 0; i < count; ++i) {
      values->weight.mutable_cpu_data()[i] = static_cast<Dtype>(i % 17 == 0 ? 0 : normal(engine_));
      values->weight.mutable_cpu_diff()[i] = static_cast<Dtype>(normal(engine_));
      values->history.mutable_cpu_data()[i] = static_cast<Dtype>(normal(engine_));
    }
    return values;
  }

  std::mt19937 engine_{1701};
};

TYPED_TEST_SUITE(FusedUpdateTest, TestDtypesAndDevices);

/// The update spelled out in double precision, one element at a time.
struct SlowUpdate {
  UpdateRule rule;
  Regularization regularization;
  double rate, gradient_scale, lr_mult, decay;

  /// @return what is subtracted from w
  double operator()(double w, double g, int action, double* h) const {
    g = action & kTakeGradient ? g * gradient_scale : 0;
    if (regularization == Regularization::kL2)
      g += decay * w;
    else
      g += decay * (w > 0 ? 1 : w < 0 ? -1 : 0);
    const double before = *h;
    const double eta = rate * lr_mult;
    const double next = rule.momentum * before + (rule.rate_outside ? 1 : eta) * g;
    double update = next;
    if (rule.kind == UpdateRule::Kind::kNesterov) {
      update = (1 + rule.momentum) * next - rule.momentum * before;
    }
    if (rule.rate_outside) update *= eta;
    if (action & kRenewHistory) *h = next;
    return action & kMoveWeight ? update : 0;
  }
};

TYPED_TEST(FusedUpdateTest, WorkedValues) {
  typedef typename TypeParam::Dtype Dtype;
  const struct {
    UpdateRule::Kind kind;
    double first, second, weight;
  } cases[] = {{UpdateRule::Kind::kSgd, 0.05, 0.095, 0.855},
               {UpdateRule::Kind::kNesterov, 0.095, 0.1355, 0.7695}};
  for (const auto& expected : cases) {
    Blob<Dtype> weight(vector<int>{1}), history(vector<int>{1});
    weight.mutable_cpu_data()[0] = 1;
    FusedUpdate<Dtype> update({expected.kind, 0.9}, Regularization::kL2,
                              {{&weight, {&history}, Dtype(1), Dtype(0)}}, {});
    const double tolerance = 10 * std::numeric_limits<Dtype>::epsilon();
    typename FusedUpdate<Dtype>::Iteration iteration;
    iteration.rate = Dtype(0.1);
    iteration.store_update = true;
    for (const double step : {expected.first, expected.second}) {
      weight.mutable_cpu_diff()[0] = Dtype(0.5);
      update.Apply(iteration);
      EXPECT_NEAR(weight.cpu_diff()[0], step, tolerance);
    }
    EXPECT_NEAR(weight.cpu_data()[0], expected.weight, tolerance);
  }
}

ParamAction MakeAction(int kept, int dropped, double factor = 1) {
  return {factor, static_cast<ElementAction>(kept), static_cast<ElementAction>(dropped)};
}

/// What the three readings of a mask do, and what frozen layers do.
const ParamAction kActions[] = {
    {},
    MakeAction(kWholeUpdate, kTakeGradient | kRenewHistory),
    MakeAction(kWholeUpdate, kRenewHistory | kMoveWeight, 1.5),
    MakeAction(kWholeUpdate, kStandStill, 2),
    MakeAction(kTakeGradient | kRenewHistory, kTakeGradient | kRenewHistory),
    MakeAction(kRenewHistory, kRenewHistory),
    MakeAction(kStandStill, kStandStill),
};

TYPED_TEST(FusedUpdateTest, AgreesWithASlowLoop) {
  typedef typename TypeParam::Dtype Dtype;
  typedef typename FusedUpdateTest<TypeParam>::Values Values;
  // Long runs, single elements, short runs, no mask at all.
  const struct {
    int inner, channels, count;
  } shapes[] = {{147, 64, 147 * 64}, {1, 37, 37 * 300}, {9, 33, 9 * 33 * 40}, {1, 0, 20001}};
  const UpdateRule rules[] = {{UpdateRule::Kind::kSgd, 0.9, false},
                              {UpdateRule::Kind::kNesterov, 0.9, false},
                              {UpdateRule::Kind::kSgd, 0.9, true},
                              {UpdateRule::Kind::kNesterov, 0.9, true}};
  int round = 0;
  for (const UpdateRule& rule : rules) {
    for (const ParamAction& action : kActions) {
      const Regularization regularization =
          round % 3 == 0 ? Regularization::kL1 : Regularization::kL2;
      const bool store = round++ % 2 == 0;
      vector<shared_ptr<Values>> values, before;
      vector<typename FusedUpdate<Dtype>::Param> params;
      vector<ParamMask> masks;
      vector<ParamAction> actions;
      vector<uint32_t> words;
      for (int p = 0; p < 4; ++p) {
        values.push_back(this->MakeValues(shapes[p].count));
        before.push_back(std::make_shared<Values>(1));
        before[p]->weight.CopyFrom(values[p]->weight, false, true);
        before[p]->weight.CopyFrom(values[p]->weight, true, false);
        before[p]->history.CopyFrom(values[p]->history, false, true);
        params.push_back({&values[p]->weight,
                          {&values[p]->history},
                          Dtype(p == 1 ? 2 : 1),
                          Dtype(p == 2 ? 0 : 0.01)});
        actions.push_back(action);
        if (shapes[p].channels == 0) {
          actions.back().dropped = action.kept;
          continue;
        }
        masks.push_back({p, shapes[p].inner, shapes[p].channels, static_cast<int>(words.size())});
        for (int w = 0; w < (shapes[p].channels + 31) / 32; ++w) words.push_back(this->engine_());
      }
      FusedUpdate<Dtype> update(rule, regularization, params, masks);
      update.Apply({Dtype(0.125), Dtype(0.25), store, actions, words});

      for (int p = 0; p < 4; ++p) {
        const SlowUpdate slow{rule,
                              regularization,
                              0.125,
                              0.25 * action.gradient_factor,
                              static_cast<double>(params[p].lr_mult),
                              static_cast<double>(params[p].decay)};
        for (int i = 0; i < shapes[p].count; ++i) {
          bool keep = true;
          if (shapes[p].channels > 0) {
            const int c = i / shapes[p].inner % shapes[p].channels;
            keep = words[masks[p].first_word + c / 32] >> (c % 32) & 1;
          }
          const int what = keep ? action.kept : action.dropped;
          const double w = before[p]->weight.cpu_data()[i];
          double h = before[p]->history.cpu_data()[i];
          const double d = slow(w, before[p]->weight.cpu_diff()[i], what, &h);
          const double tolerance = 40 * std::numeric_limits<Dtype>::epsilon();
          if (what & kMoveWeight)
            ASSERT_NEAR(values[p]->weight.cpu_data()[i], w - d, tolerance) << p << " " << i;
          else
            ASSERT_EQ(values[p]->weight.cpu_data()[i], before[p]->weight.cpu_data()[i]);
          if (what & kRenewHistory)
            ASSERT_NEAR(values[p]->history.cpu_data()[i], h, tolerance) << p << " " << i;
          else
            ASSERT_EQ(values[p]->history.cpu_data()[i], before[p]->history.cpu_data()[i]);
          if (store)
            ASSERT_NEAR(values[p]->weight.cpu_diff()[i], d, tolerance);
          else
            ASSERT_EQ(values[p]->weight.cpu_diff()[i], before[p]->weight.cpu_diff()[i]);
        }
      }
    }
  }
}

// A dropped gradient has no say, not even where it is no number.
TYPED_TEST(FusedUpdateTest, DroppedGradientsMayBeAnything) {
  typedef typename TypeParam::Dtype Dtype;
  for (const int inner : {40, 1}) {
    auto values = this->MakeValues(32 * 40);
    for (int i = 0; i < values->weight.count(); ++i) {
      values->weight.mutable_cpu_diff()[i] = std::numeric_limits<Dtype>::quiet_NaN();
    }
    FusedUpdate<Dtype> update({UpdateRule::Kind::kSgd, 0.9}, Regularization::kL2,
                              {{&values->weight, {&values->history}, Dtype(1), Dtype(0.01)}},
                              {{0, inner, 32, 0}});
    const vector<ParamAction> actions = {MakeAction(kWholeUpdate, kRenewHistory | kMoveWeight)};
    const vector<uint32_t> words = {0x00000ff0u};
    update.Apply({Dtype(0.1), Dtype(1), false, actions, words});
    for (int i = 0; i < values->weight.count(); ++i) {
      const bool keep = words[0] >> (i / inner % 32) & 1;
      ASSERT_EQ(std::isnan(values->weight.cpu_data()[i]), keep) << i;
    }
  }
}

// The masks, all set, must cost no precision: the run without the method stays reproducible. And
// what is kept beside dropped channels must be as without the mask, bit for bit.
TYPED_TEST(FusedUpdateTest, KeptIsBitIdenticalToUnmasked) {
  typedef typename TypeParam::Dtype Dtype;
  for (const int inner : {9, 33 * 9}) {
    for (const bool rate_outside : {false, true}) {
      auto values = this->MakeValues(9 * 33 * 40);
      const int count = values->weight.count();
      Blob<Dtype> plain, plain_history;
      plain.CopyFrom(values->weight, false, true);
      plain.CopyFrom(values->weight, true, true);
      plain_history.CopyFrom(values->history, false, true);
      const UpdateRule rule{UpdateRule::Kind::kNesterov, 0.9, rate_outside};
      FusedUpdate<Dtype> masked(rule, Regularization::kL2,
                                {{&values->weight, {&values->history}, Dtype(1), Dtype(0.01)}},
                                {{0, inner, 33, 0}});
      FusedUpdate<Dtype> unmasked(rule, Regularization::kL2,
                                  {{&plain, {&plain_history}, Dtype(1), Dtype(0.01)}}, {});
      const vector<ParamAction> actions = {MakeAction(kWholeUpdate, kTakeGradient | kRenewHistory)};
      const vector<uint32_t> words = {0xf0f0ff1fu, 1};
      masked.Apply({Dtype(0.1), Dtype(1), false, actions, words});
      unmasked.Apply({Dtype(0.1), Dtype(1), false, {}, {}});
      for (int i = 0; i < count; ++i) {
        const int c = i / inner % 33;
        if (words[c / 32] >> (c % 32) & 1) {
          ASSERT_EQ(values->weight.cpu_data()[i], plain.cpu_data()[i]);
        }
        ASSERT_EQ(values->history.cpu_data()[i], plain_history.cpu_data()[i]);
      }
    }
  }
}

}  // namespace
}  // namespace caffe
