#include "solver/fused_update.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "solver/make_update_rule.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class FusedUpdateTest : public MultiDeviceTest<TypeParam> {
 public:
  typedef typename TypeParam::Dtype Dtype;

 protected:
  /// A parameter and its history, filled with random numbers.
  struct Values {
    explicit Values(int count)
        : weight(vector<int>{count}), history(vector<int>{count}), second(vector<int>{count}) {}
    Blob<Dtype> weight, history, second;
    vector<Blob<Dtype>*> Histories(int number) {
      return number == 1 ? vector<Blob<Dtype>*>{&history} : vector<Blob<Dtype>*>{&history, &second};
    }
  };

  shared_ptr<Values> MakeValues(int count) {
    auto values = std::make_shared<Values>(count);
    std::normal_distribution<double> normal;
    for (int i = 0; i < count; ++i) {
      values->weight.mutable_cpu_data()[i] = static_cast<Dtype>(i % 17 == 0 ? 0 : normal(engine_));
      values->weight.mutable_cpu_diff()[i] = static_cast<Dtype>(normal(engine_));
      // Sums of squares are not negative.
      values->history.mutable_cpu_data()[i] = static_cast<Dtype>(std::abs(normal(engine_)));
      values->second.mutable_cpu_data()[i] = static_cast<Dtype>(std::abs(normal(engine_)));
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
    double next[2] = {h[0], h[1]};
    const double update = Update(g, rate * lr_mult, next);
    if (action & kRenewHistory) std::copy(next, next + 2, h);
    return action & kMoveWeight ? update : 0;
  }

  double Update(double g, double eta, double* h) const {
    using Kind = UpdateRule::Kind;
    const double m = rule.momentum, inside = rule.rate_outside ? 1 : eta;
    const double outside = rule.rate_outside ? eta : 1;
    const double old = h[0];
    switch (rule.kind) {
      case Kind::kSgd:
        h[0] = m * old + inside * g;
        return outside * h[0];
      case Kind::kNesterov:
        h[0] = m * old + inside * g;
        return outside * ((1 + m) * h[0] - m * old);
      case Kind::kAdaGrad:
        h[0] += g * g;
        return eta * g / (std::sqrt(h[0]) + rule.delta);
      case Kind::kRmsProp:
        h[0] = rule.rms_decay * old + (1 - rule.rms_decay) * g * g;
        return eta * g / (std::sqrt(h[0]) + rule.delta);
      case Kind::kAdaDelta: {
        h[0] = m * old + (1 - m) * g * g;
        const double u = g * std::sqrt((h[1] + rule.delta) / (h[0] + rule.delta));
        h[1] = m * h[1] + (1 - m) * u * u;
        return eta * u;
      }
      case Kind::kAdam:
        h[0] = m * old + (1 - m) * g;
        h[1] = rule.momentum2 * h[1] + (1 - rule.momentum2) * g * g;
        return eta * h[0] / (std::sqrt(h[1]) + rule.delta);
    }
    return 0;
  }
};

UpdateRule MakeRule(UpdateRule::Kind kind, double momentum, bool rate_outside = false) {
  UpdateRule rule;
  rule.kind = kind;
  // As in a SolverParameter, so that float kernels have the very constant.
  rule.momentum = static_cast<float>(momentum);
  rule.rate_outside = rate_outside;
  return rule;
}

// The two steps of a constant gradient of 0.5 from a weight of 1, worked out by hand.
TYPED_TEST(FusedUpdateTest, WorkedValues) {
  typedef typename TypeParam::Dtype Dtype;
  using Kind = UpdateRule::Kind;
  UpdateRule ada_delta = MakeRule(Kind::kAdaDelta, 0.95);
  ada_delta.delta = 1e-6;
  const struct {
    UpdateRule rule;
    double rate, first, second, weight;
  } cases[] = {{MakeRule(Kind::kSgd, 0.9), 0.1, 0.05, 0.095, 0.855},
               {MakeRule(Kind::kNesterov, 0.9), 0.1, 0.095, 0.1355, 0.7695},
               {MakeRule(Kind::kAdaGrad, 0), 0.1, 0.1, 0.0707107, 0.829289},
               {MakeRule(Kind::kRmsProp, 0), 0.01, 0.1, 0.0708881, 0.829112},
               {ada_delta, 1, 0.00447196, 0.00452892, 0.990999},
               {MakeRule(Kind::kAdam, 0.9), 0.001, 0.000999999, 0.001, 0.998}};
  for (const auto& expected : cases) {
    typename FusedUpdateTest<TypeParam>::Values values(1);
    values.weight.mutable_cpu_data()[0] = 1;
    FusedUpdate<Dtype> update(
        expected.rule, Regularization::kL2,
        {{&values.weight, values.Histories(NumHistories(expected.rule.kind)), Dtype(1), Dtype(0)}},
        {});
    int64_t k = 0;
    for (const double step : {expected.first, expected.second}) {
      values.weight.mutable_cpu_diff()[0] = Dtype(0.5);
      typename FusedUpdate<Dtype>::Iteration iteration;
      iteration.rate = static_cast<Dtype>(expected.rate * RateFactor(expected.rule, k++));
      iteration.store_update = true;
      update.Apply(iteration);
      EXPECT_NEAR(values.weight.cpu_diff()[0], step, 1e-6 * step + 5e-10);
    }
    EXPECT_NEAR(values.weight.cpu_data()[0], expected.weight, 1e-6);
  }
}

/// Each update takes the rate that it was given, though the host has gone on to the next ones.
TYPED_TEST(FusedUpdateTest, FollowOneAnotherWithoutWaiting) {
  typedef typename TypeParam::Dtype Dtype;
  typename FusedUpdateTest<TypeParam>::Values values(1);
  values.weight.mutable_cpu_data()[0] = 1;
  values.weight.mutable_cpu_diff()[0] = 1;
  FusedUpdate<Dtype> update(MakeRule(UpdateRule::Kind::kSgd, 0), Regularization::kL2,
                            {{&values.weight, values.Histories(1), Dtype(1), Dtype(0)}}, {});
  for (const double rate : {0.5, 0.25, 0.125, 0.0625}) {
    typename FusedUpdate<Dtype>::Iteration iteration;
    iteration.rate = static_cast<Dtype>(rate);
    update.Apply(iteration);
  }
  EXPECT_EQ(values.weight.cpu_data()[0], Dtype(0.0625));
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
  } shapes[] = {{147, 64, 147 * 64}, {1, 37, 37 * 50}, {9, 33, 9 * 33 * 10}, {1, 0, 9001}};
  using Kind = UpdateRule::Kind;
  const UpdateRule rules[] = {MakeRule(Kind::kSgd, 0.9),      MakeRule(Kind::kSgd, 0.9, true),
                              MakeRule(Kind::kNesterov, 0.9), MakeRule(Kind::kNesterov, 0.9, true),
                              MakeRule(Kind::kAdaGrad, 0),    MakeRule(Kind::kRmsProp, 0),
                              MakeRule(Kind::kAdaDelta, 0.9), MakeRule(Kind::kAdam, 0.9)};
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
        before[p]->second.CopyFrom(values[p]->second, false, true);
        params.push_back({&values[p]->weight, values[p]->Histories(NumHistories(rule.kind)),
                          Dtype(p == 1 ? 2 : 1), Dtype(p == 2 ? 0 : 0.01)});
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
          double h[] = {before[p]->history.cpu_data()[i], before[p]->second.cpu_data()[i]};
          const double d = slow(w, before[p]->weight.cpu_diff()[i], what, h);
          const double tolerance = 40 * std::numeric_limits<Dtype>::epsilon() * (1 + std::abs(d));
          if (what & kMoveWeight)
            ASSERT_NEAR(values[p]->weight.cpu_data()[i], w - d, tolerance) << p << " " << i;
          else
            ASSERT_EQ(values[p]->weight.cpu_data()[i], before[p]->weight.cpu_data()[i]);
          ASSERT_NEAR(values[p]->history.cpu_data()[i], h[0], tolerance * (1 + std::abs(h[0])));
          ASSERT_NEAR(values[p]->second.cpu_data()[i], h[1], tolerance * (1 + std::abs(h[1])));
          if (!(what & kRenewHistory)) {
            ASSERT_EQ(values[p]->history.cpu_data()[i], before[p]->history.cpu_data()[i]);
            ASSERT_EQ(values[p]->second.cpu_data()[i], before[p]->second.cpu_data()[i]);
          }
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
    FusedUpdate<Dtype> update(MakeRule(UpdateRule::Kind::kSgd, 0.9), Regularization::kL2,
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
      const UpdateRule rule = MakeRule(UpdateRule::Kind::kNesterov, 0.9, rate_outside);
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

// Word i of a parameter's sequence decides about weight i, whatever masks there are; history goes
// on everywhere.
TYPED_TEST(FusedUpdateTest, SingleWeightsAreLeftWhereTheyAre) {
  typedef typename TypeParam::Dtype Dtype;
  constexpr int kCount = 2 * kUpdateChunk + 3;
  constexpr uint64_t kSeed = 5, kStream = 77;
  constexpr int64_t kNumber = 12;
  for (const double rate : {0.0, 0.25, 1.0}) {
    for (const int inner : {0, 1, 100}) {
      auto values = this->MakeValues(kCount);
      auto plain = std::make_shared<typename FusedUpdateTest<TypeParam>::Values>(1);
      plain->weight.CopyFrom(values->weight, false, true);
      plain->weight.CopyFrom(values->weight, true, false);
      plain->history.CopyFrom(values->history, false, true);
      const vector<Dtype> before(values->weight.cpu_data(), values->weight.cpu_data() + kCount);
      const UpdateRule rule = MakeRule(UpdateRule::Kind::kSgd, 0.9);
      vector<ParamMask> masks;
      vector<ParamAction> actions = {{}};
      if (inner > 0) {
        masks.push_back({0, inner, 7, 0});
        actions = {MakeAction(kWholeUpdate, kTakeGradient | kRenewHistory)};
      }
      const vector<uint32_t> words = {0x5a};
      FusedUpdate<Dtype> dropping(
          rule, Regularization::kL2,
          {{&values->weight, {&values->history}, Dtype(1), Dtype(0.01), kStream}}, masks);
      dropping.Apply({Dtype(0.1), Dtype(1), false, actions, words, rate, kSeed, kNumber});
      FusedUpdate<Dtype> whole(rule, Regularization::kL2,
                               {{&plain->weight, {&plain->history}, Dtype(1), Dtype(0.01)}}, {});
      whole.Apply({Dtype(0.1), Dtype(1), false, {}, {}});

      const Philox random(RandomKey(kSeed, RandomPurpose::kDropWeight, kStream), kNumber);
      for (int i = 0; i < kCount; ++i) {
        const bool kept = inner == 0 || (words[0] >> (i / inner % 7) & 1);
        const bool moves = kept && random.u32(i) >= BernoulliBound(rate);
        ASSERT_EQ(values->weight.cpu_data()[i], moves ? plain->weight.cpu_data()[i] : before[i])
            << i;
        ASSERT_EQ(values->history.cpu_data()[i], plain->history.cpu_data()[i]);
      }
    }
  }
}

}  // namespace
}  // namespace caffe
