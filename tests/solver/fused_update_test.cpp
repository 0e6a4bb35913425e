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

  double operator()(double w, double g, double* h) const {
    g *= gradient_scale;
    if (regularization == Regularization::kL2)
      g += decay * w;
    else
      g += decay * (w > 0 ? 1 : w < 0 ? -1 : 0);
    const double before = *h;
    *h = rule.momentum * before + rate * lr_mult * g;
    if (rule.kind == UpdateRule::Kind::kSgd) return *h;
    return (1 + rule.momentum) * *h - rule.momentum * before;
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
                              {{&weight, &history, Dtype(1), Dtype(0)}}, {});
    const double tolerance = 10 * std::numeric_limits<Dtype>::epsilon();
    for (const double step : {expected.first, expected.second}) {
      weight.mutable_cpu_diff()[0] = Dtype(0.5);
      update.Apply(Dtype(0.1), Dtype(1), true, {});
      EXPECT_NEAR(weight.cpu_diff()[0], step, tolerance);
    }
    EXPECT_NEAR(weight.cpu_data()[0], expected.weight, tolerance);
  }
}

TYPED_TEST(FusedUpdateTest, AgreesWithASlowLoop) {
  typedef typename TypeParam::Dtype Dtype;
  const struct {
    int inner, channels, count;
  } shapes[] = {{147, 64, 147 * 64}, {1, 37, 37 * 300}, {9, 33, 9 * 33 * 40}, {0, 0, 20001}};
  for (const auto kind : {UpdateRule::Kind::kSgd, UpdateRule::Kind::kNesterov}) {
    for (const auto regularization : {Regularization::kL2, Regularization::kL1}) {
      for (const bool store : {false, true}) {
        const UpdateRule rule{kind, 0.9};
        vector<shared_ptr<typename FusedUpdateTest<TypeParam>::Values>> values, before;
        vector<typename FusedUpdate<Dtype>::Param> params;
        vector<typename FusedUpdate<Dtype>::Mask> masks;
        vector<uint32_t> words;
        for (int p = 0; p < 4; ++p) {
          values.push_back(this->MakeValues(shapes[p].count));
          before.push_back(std::make_shared<typename FusedUpdateTest<TypeParam>::Values>(1));
          before[p]->weight.CopyFrom(values[p]->weight, false, true);
          before[p]->weight.CopyFrom(values[p]->weight, true, false);
          before[p]->history.CopyFrom(values[p]->history, false, true);
          params.push_back({&values[p]->weight, &values[p]->history, Dtype(p == 1 ? 2 : 1),
                            Dtype(p == 2 ? 0 : 0.01)});
          if (shapes[p].channels == 0) continue;
          masks.push_back({p, shapes[p].inner, shapes[p].channels, static_cast<int>(words.size())});
          for (int w = 0; w < (shapes[p].channels + 31) / 32; ++w) words.push_back(this->engine_());
        }
        FusedUpdate<Dtype> update(rule, regularization, params, masks);
        update.Apply(Dtype(0.125), Dtype(0.25), store, words);

        for (int p = 0; p < 4; ++p) {
          const SlowUpdate slow{rule,
                                regularization,
                                0.125,
                                0.25,
                                static_cast<double>(params[p].lr_mult),
                                static_cast<double>(params[p].decay)};
          for (int i = 0; i < shapes[p].count; ++i) {
            double h = before[p]->history.cpu_data()[i];
            const double w = before[p]->weight.cpu_data()[i];
            double d = slow(w, before[p]->weight.cpu_diff()[i], &h);
            bool keep = true;
            if (shapes[p].channels > 0) {
              const int c = i / shapes[p].inner % shapes[p].channels;
              keep = words[masks[p].first_word + c / 32] >> (c % 32) & 1;
            }
            const double tolerance = 40 * std::numeric_limits<Dtype>::epsilon();
            if (keep)
              ASSERT_NEAR(values[p]->weight.cpu_data()[i], w - d, tolerance) << p << " " << i;
            else
              ASSERT_EQ(values[p]->weight.cpu_data()[i], before[p]->weight.cpu_data()[i]);
            ASSERT_NEAR(values[p]->history.cpu_data()[i], h, tolerance) << p << " " << i;
            if (store)
              ASSERT_NEAR(values[p]->weight.cpu_diff()[i], keep ? d : 0, tolerance);
            else
              ASSERT_EQ(values[p]->weight.cpu_diff()[i], before[p]->weight.cpu_diff()[i]);
          }
        }
      }
    }
  }
}

// The masks, all set, must cost no precision: the run without the method stays reproducible.
TYPED_TEST(FusedUpdateTest, FullMaskIsBitIdenticalToNone) {
  typedef typename TypeParam::Dtype Dtype;
  auto values = this->MakeValues(9 * 33 * 40);
  const int count = values->weight.count();
  Blob<Dtype> plain, plain_history;
  plain.CopyFrom(values->weight, false, true);
  plain.CopyFrom(values->weight, true, true);
  plain_history.CopyFrom(values->history, false, true);
  const UpdateRule rule{UpdateRule::Kind::kNesterov, 0.9};
  FusedUpdate<Dtype> masked(rule, Regularization::kL2,
                            {{&values->weight, &values->history, Dtype(1), Dtype(0.01)}},
                            {{0, 9, 33, 0}});
  FusedUpdate<Dtype> unmasked(rule, Regularization::kL2,
                              {{&plain, &plain_history, Dtype(1), Dtype(0.01)}}, {});
  masked.Apply(Dtype(0.1), Dtype(1), false, {0xffffffffu, 0xffffffffu});
  unmasked.Apply(Dtype(0.1), Dtype(1), false, {});
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(values->weight.cpu_data()[i], plain.cpu_data()[i]);
    ASSERT_EQ(values->history.cpu_data()[i], plain_history.cpu_data()[i]);
  }
}

}  // namespace
}  // namespace caffe
