#include "caffe/layers/drop_connect_layer.hpp"

#include "tests/caffe/layers/random_layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class DropConnectLayerTest : public RandomLayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  static constexpr const char* kGaussian =
      "weight_filler { type: 'gaussian' std: 0.5 } bias_filler { type: 'gaussian' std: 0.5 }";

  static string Text(const string& fields, const string& product, const string& phase = "TRAIN") {
    return "type: 'DropConnect' phase: " + phase + " drop_connect_param { " + fields +
           " } inner_product_param { " + product + " " + kGaussian + " }";
  }
  static void ClearDiffs(Layer<Dtype>* layer) {
    for (const auto& blob : layer->blobs()) {
      caffe_set(blob->count(), Dtype(0), blob->mutable_cpu_diff());
    }
  }

  /// One draw of the layer, forward and backward, against loops over all connections.
  void CompareWithLoops(const vector<int>& shape, int outputs, const string& options, bool bias,
                        bool transpose, bool relu) {
    auto *x = this->Random(shape), *y = this->Empty();
    const auto layer = this->Make(Text(string("keep: 0.75 activation: ") + (relu ? "RELU" : "NONE"),
                                       "num_output: " + std::to_string(outputs) +
                                           (bias ? "" : " bias_term: false") +
                                           (transpose ? " transpose: true " : " ") + options));
    layer->SetUp({x}, {y});
    ClearDiffs(layer.get());
    this->Draw(layer.get(), {x}, {y}, 2);
    this->FillDiff(y);
    layer->Backward({y}, {true}, {x});

    const int inputs = layer->blobs()[0]->count() / outputs;
    const int rows = x->count() / inputs, words = (inputs + bias + 31) / 32;
    PhiloxEngine sequence = this->Sequence(2);
    const uint64_t first = sequence.Reserve(uint64_t(rows) * outputs * words * 32);
    const Dtype* weight = layer->blobs()[0]->cpu_data();
    const Dtype* shift = bias ? layer->blobs()[1]->cpu_data() : nullptr;
    vector<double> dw(inputs * outputs, 0), db(outputs, 0), dx(x->count(), 0);
    for (int n = 0; n < rows; ++n) {
      for (int o = 0; o < outputs; ++o) {
        const auto kept = [&](int i) {
          const uint64_t at = (uint64_t(n) * outputs + o) * words * 32 + i;
          return sequence.philox().u32(first + at) >= (1u << 30);
        };
        const auto at = [&](int i) { return transpose ? i * outputs + o : o * inputs + i; };
        double sum = bias && kept(inputs) ? shift[o] : 0;
        for (int i = 0; i < inputs; ++i) {
          if (kept(i)) sum += double(weight[at(i)]) * x->cpu_data()[n * inputs + i];
        }
        if (relu) sum = std::max(sum, 0.0);
        ASSERT_NEAR(y->cpu_data()[n * outputs + o], sum, 1e-5 * std::max(1.0, std::abs(sum)));
        const double dy = relu && sum == 0 ? 0 : y->cpu_diff()[n * outputs + o];
        for (int i = 0; i < inputs; ++i) {
          if (!kept(i)) continue;
          dw[at(i)] += dy * x->cpu_data()[n * inputs + i];
          dx[n * inputs + i] += dy * weight[at(i)];
        }
        if (bias && kept(inputs)) db[o] += dy;
      }
    }
    const auto compare = [](const vector<double>& wanted, const Dtype* found, const char* what) {
      for (size_t i = 0; i < wanted.size(); ++i) {
        ASSERT_NEAR(found[i], wanted[i], 1e-4) << what << " at " << i;
      }
    };
    compare(dw, layer->blobs()[0]->cpu_diff(), "weight gradient");
    if (bias) compare(db, layer->blobs()[1]->cpu_diff(), "bias gradient");
    compare(dx, x->cpu_diff(), "bottom gradient");
  }
};
TYPED_TEST_SUITE(DropConnectLayerTest, TestDtypesAndDevices);

TYPED_TEST(DropConnectLayerTest, AgreesWithLoopsOverConnections) {
  this->CompareWithLoops({3, 5}, 4, "", true, false, false);
  this->CompareWithLoops({3, 31}, 4, "", true, false, true);
  this->CompareWithLoops({3, 32}, 4, "", true, true, false);
  this->CompareWithLoops({2, 64}, 3, "", false, false, false);
  this->CompareWithLoops({4, 7, 10}, 6, "", true, false, true);
  this->CompareWithLoops({2, 3, 45}, 5, "axis: 2", true, false, false);
  this->CompareWithLoops({2, 3, 45}, 5, "axis: 2", false, true, true);
}

TYPED_TEST(DropConnectLayerTest, GradientsOfWeightsAddUp) {
  auto *x = this->Random({3, 40}), *y = this->Empty();
  const auto layer = this->Run(this->Text("", "num_output: 4"), {x}, {y});
  this->FillDiff(y);
  this->ClearDiffs(layer.get());
  layer->Backward({y}, {false}, {x});
  auto *once = this->Empty(), *bias_once = this->Empty();
  once->CopyFrom(*layer->blobs()[0], true, true);
  bias_once->CopyFrom(*layer->blobs()[1], true, true);
  layer->Backward({y}, {false}, {x});
  for (int i = 0; i < once->count(); ++i) {
    EXPECT_NEAR(layer->blobs()[0]->cpu_diff()[i], 2 * once->cpu_diff()[i], 1e-4);
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(layer->blobs()[1]->cpu_diff()[i], 2 * bias_once->cpu_diff()[i], 1e-4);
  }
}

// Weights 1, 2, 4 and a bias of 8, so that the sum names what was kept.
TYPED_TEST(DropConnectLayerTest, ConnectionsAreIndependentAndOfTheRate) {
  auto *x = this->Ones({2, 3}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.6", "num_output: 2"));
  layer->SetUp({x}, {y});
  for (int i = 0; i < 6; ++i) layer->blobs()[0]->mutable_cpu_data()[i] = 1 << (i % 3);
  for (int o = 0; o < 2; ++o) layer->blobs()[1]->mutable_cpu_data()[o] = 8;
  constexpr int kPasses = 3000;
  vector<double> single(16, 0), patterns(16, 0), probabilities(16, 1), joint(16, 0);
  double sum = 0;
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    for (int k = 0; k < 4; ++k) {
      const int kept = static_cast<int>(y->cpu_data()[k]);
      ++patterns[kept];
      for (int bit = 0; bit < 4; ++bit) single[4 * k + bit] += kept >> bit & 1;
      sum += kept;
    }
    // The same weight for both samples, and for both outputs.
    int pattern = 0;
    for (int k = 0; k < 4; ++k) pattern |= (static_cast<int>(y->cpu_data()[k]) & 1) << k;
    ++joint[pattern];
  });
  for (int pattern = 0; pattern < 16; ++pattern) {
    for (int bit = 0; bit < 4; ++bit) probabilities[pattern] *= pattern >> bit & 1 ? 0.6 : 0.4;
  }
  ExpectRates(single, 0.6, kPasses, "connections kept");
  ExpectOutcomes(patterns, probabilities, "connections of an output");
  ExpectOutcomes(joint, probabilities, "a weight for samples and outputs");
  // The expectation is keep times the product; a sum's variance is 0.24 (1 + 4 + 16 + 64).
  EXPECT_NEAR(sum / (4 * kPasses), 0.6 * 15, 5 * std::sqrt(0.24 * 85 / (4 * kPasses)));
}

TYPED_TEST(DropConnectLayerTest, MeanTestFormIsKeepTimesTheWeights) {
  auto *x = this->Random({3, 6}), *y = this->Empty(), *plain = this->Empty();
  for (const char* form : {"test: MEAN", "test: GAUSSIAN", "test: MEAN activation: RELU"}) {
    const auto layer =
        this->Run(this->Text(string("keep: 0.25 ") + form, "num_output: 5", "TEST"), {x}, {y});
    const auto product = this->Make("type: 'InnerProduct' inner_product_param { num_output: 5 }");
    product->SetUp({x}, {plain});
    for (int i = 0; i < 2; ++i) product->blobs()[i]->CopyFrom(*layer->blobs()[i]);
    product->Forward({x}, {plain});
    const bool relu = string(form).find("RELU") != string::npos;
    for (int i = 0; i < y->count(); ++i) {
      const double mean = 0.25 * plain->cpu_data()[i];
      EXPECT_NEAR(y->cpu_data()[i], relu ? std::max(mean, 0.0) : mean, 1e-5) << form;
    }
    this->ExpectGradient(this->Text(string("keep: 0.25 ") + form, "num_output: 5", "TEST"), {x});
  }
}

// E max(0, u) of a normal u, by Simpson's rule.
TYPED_TEST(DropConnectLayerTest, GaussianTestFormIsTheMeanOfTheActivation) {
  auto *x = this->Random({4, 9}), *y = this->Empty();
  const auto layer =
      this->Run(this->Text("keep: 0.7 activation: RELU", "num_output: 6", "TEST"), {x}, {y});
  for (int n = 0; n < 4; ++n) {
    for (int o = 0; o < 6; ++o) {
      const double b = layer->blobs()[1]->cpu_data()[o];
      double mean = b, squares = b * b;
      for (int i = 0; i < 9; ++i) {
        const double term =
            double(layer->blobs()[0]->cpu_data()[o * 9 + i]) * x->cpu_data()[n * 9 + i];
        mean += term;
        squares += term * term;
      }
      const double keep = 0.7f;
      mean *= keep;
      const double deviation = std::sqrt(keep * (1 - keep) * squares);
      constexpr int kSteps = 20000;
      const double step = 20.0 / kSteps;
      double integral = 0;
      for (int s = 0; s <= kSteps; ++s) {
        const double z = -10 + s * step, u = mean + deviation * z;
        const double weight = s == 0 || s == kSteps ? 1 : s % 2 ? 4 : 2;
        integral += weight * std::max(u, 0.0) * std::exp(-z * z / 2);
      }
      integral *= step / 3 / std::sqrt(2 * 3.14159265358979323846);
      EXPECT_NEAR(y->cpu_data()[n * 6 + o], integral, 2e-5);
    }
  }
}

// With many terms a sum of kept ones is close to normal.
TYPED_TEST(DropConnectLayerTest, GaussianTestFormForetellsTheMeanOfTraining) {
  auto *x = this->Random({1, 200}), *y = this->Empty(), *mean = this->Empty();
  const auto train = this->Make(this->Text("activation: RELU", "num_output: 4"));
  const auto test = this->Make(this->Text("activation: RELU", "num_output: 4", "TEST"));
  train->SetUp({x}, {y});
  test->SetUp({x}, {mean});
  for (int i = 0; i < 2; ++i) test->blobs()[i]->CopyFrom(*train->blobs()[i]);
  test->Forward({x}, {mean});
  constexpr int kPasses = 1500;
  vector<double> sum(4, 0), squares(4, 0);
  this->ForEachDraw(kPasses, train.get(), {x}, {y}, [&] {
    for (int o = 0; o < 4; ++o) {
      sum[o] += y->cpu_data()[o];
      squares[o] += double(y->cpu_data()[o]) * y->cpu_data()[o];
    }
  });
  for (int o = 0; o < 4; ++o) {
    const double average = sum[o] / kPasses;
    const double variance = squares[o] / kPasses - average * average;
    EXPECT_NEAR(mean->cpu_data()[o], average, 5 * std::sqrt(variance / kPasses) + 0.02);
  }
}

TYPED_TEST(DropConnectLayerTest, IsAnInnerProductWithoutDrops) {
  for (const char* phase : {"TRAIN", "TEST"}) {
    auto *x = this->Random({3, 40}), *y = this->Empty();
    auto *x2 = this->Copy(*x), *y2 = this->Empty();
    const auto layer = this->Run(this->Text("keep: 1", "num_output: 5", phase), {x}, {y});
    const auto plain = this->Make("type: 'InnerProduct' inner_product_param { num_output: 5 }");
    plain->SetUp({x2}, {y2});
    for (int i = 0; i < 2; ++i) plain->blobs()[i]->CopyFrom(*layer->blobs()[i]);
    plain->Forward({x2}, {y2});
    this->FillDiff(y);
    this->FillDiff(y2);
    this->ClearDiffs(layer.get());
    this->ClearDiffs(plain.get());
    layer->Backward({y}, {true}, {x});
    plain->Backward({y2}, {true}, {x2});
    for (int i = 0; i < y->count(); ++i) EXPECT_EQ(y->cpu_data()[i], y2->cpu_data()[i]);
    for (int i = 0; i < x->count(); ++i) EXPECT_EQ(x->cpu_diff()[i], x2->cpu_diff()[i]);
    for (int b = 0; b < 2; ++b) {
      for (int i = 0; i < plain->blobs()[b]->count(); ++i) {
        EXPECT_EQ(layer->blobs()[b]->cpu_diff()[i], plain->blobs()[b]->cpu_diff()[i]);
      }
    }
  }
}

TYPED_TEST(DropConnectLayerTest, GradientAgreesWithDifferences) {
  for (const char* fields : {"keep: 0.6", "keep: 0.6 activation: RELU"}) {
    for (const char* product : {"num_output: 3", "num_output: 3 transpose: true axis: 2"}) {
      this->ExpectGradient(this->Text(fields, product), {this->Random({2, 2, 4})});
    }
  }
}

TYPED_TEST(DropConnectLayerTest, NamesMistakes) {
  auto *x = this->Random({2, 3}), *y = this->Empty();
  this->ExpectError(this->Text("keep: 0", "num_output: 2"), {x}, "keep is 0");
  this->ExpectError(this->Text("", "num_output: 0"), {x}, "num_output is 0");
  const auto layer = this->Run(this->Text("activation: RELU", "num_output: 2", "TEST"), {x}, {y});
  EXPECT_NE(ErrorOf([&] { layer->Backward({y}, {true}, {x}); }).find("Use test: MEAN"),
            string::npos);
}

}  // namespace caffe
