#include "tests/caffe/layers/random_layer_test.hpp"

namespace caffe {

/// What draws one uniform number takes from a sequence for each of n samples.
template <typename Dtype>
vector<double> Uniform(PhiloxEngine* sequence, int n, bool shared, double min, double max) {
  const uint64_t first = sequence->Reserve(n * DrawWords<Dtype>::kUniform);
  vector<double> values;
  for (int i = 0; i < n; ++i) {
    values.push_back(
        UniformDraw(sequence->philox(), first, shared ? 0 : i, Dtype(min), Dtype(max)));
  }
  return values;
}

template <typename TypeParam>
class ShakeShakeLayerTest : public RandomLayerTest<TypeParam> {
 protected:
  static string Text(const string& fields, const string& phase = "TRAIN") {
    return "type: 'ShakeShake' phase: " + phase + " shake_shake_param { " + fields + " }";
  }
};
TYPED_TEST_SUITE(ShakeShakeLayerTest, TestDtypesAndDevices);

TYPED_TEST(ShakeShakeLayerTest, MixesByOneNumberAndItsGradientByAnother) {
  typedef typename TypeParam::Dtype Dtype;
  auto *x = this->Random({5, 2, 3}), *f = this->Random({5, 2, 3}), *g = this->Random({5, 2, 3});
  for (const bool shared : {false, true}) {
    for (const bool with_x : {false, true}) {
      vector<Blob<Dtype>*> bottom{f, g};
      if (with_x) bottom.insert(bottom.begin(), x);
      auto* y = this->Empty();
      const auto layer = this->Make(this->Text(shared ? "per: BATCH" : ""));
      layer->SetUp(bottom, {y});
      this->Draw(layer.get(), bottom, {y}, 5);
      this->FillDiff(y);
      layer->Backward({y}, vector<bool>(bottom.size(), true), bottom);
      PhiloxEngine sequence = this->Sequence(5);
      const auto a = Uniform<Dtype>(&sequence, 5, shared, 0, 1);
      const auto b = Uniform<Dtype>(&sequence, 5, shared, 0, 1);
      for (int i = 0; i < y->count(); ++i) {
        const double an = a[i / 6], bn = b[i / 6], dy = y->cpu_diff()[i];
        const double mixed = an * f->cpu_data()[i] + (1 - an) * g->cpu_data()[i];
        ASSERT_NEAR(y->cpu_data()[i], mixed + (with_x ? x->cpu_data()[i] : 0), 1e-5);
        ASSERT_NEAR(f->cpu_diff()[i], bn * dy, 1e-5);
        ASSERT_NEAR(g->cpu_diff()[i], (1 - bn) * dy, 1e-5);
        if (with_x) {
          ASSERT_EQ(x->cpu_diff()[i], y->cpu_diff()[i]);
        }
      }
    }
  }
}

// With f = 1 and g = 0 the top is the number itself, and with dy = 1 so is the gradient of f.
TYPED_TEST(ShakeShakeLayerTest, BothNumbersAreUniformAndIndependent) {
  auto *f = this->Ones({3}), *g = this->Values({3}, {0, 0, 0}), *y = this->Empty();
  const auto layer = this->Make(this->Text(""));
  layer->SetUp({f, g}, {y});
  constexpr int kPasses = 2500;
  vector<double> forward(20, 0), backward(20, 0), both(16, 0), neighbours(16, 0);
  double sum = 0;
  this->ForEachDraw(kPasses, layer.get(), {f, g}, {y}, [&] {
    caffe_set(3, typename TypeParam::Dtype(1), y->mutable_cpu_diff());
    layer->Backward({y}, {true, true}, {f, g});
    for (int n = 0; n < 3; ++n) {
      const double a = y->cpu_data()[n], b = f->cpu_diff()[n];
      ++forward[Bin(a, 0, 1, 20)];
      ++backward[Bin(b, 0, 1, 20)];
      ++both[4 * Bin(a, 0, 1, 4) + Bin(b, 0, 1, 4)];
      sum += a;
    }
    ++neighbours[4 * Bin(y->cpu_data()[0], 0, 1, 4) + Bin(y->cpu_data()[1], 0, 1, 4)];
  });
  ExpectOutcomes(forward, vector<double>(20, 0.05), "a");
  ExpectOutcomes(backward, vector<double>(20, 0.05), "b");
  ExpectOutcomes(both, vector<double>(16, 1. / 16), "a and b");
  ExpectOutcomes(neighbours, vector<double>(16, 1. / 16), "a of two samples");
  // The expectation is the test form, (f + g) / 2.
  EXPECT_NEAR(sum / (3 * kPasses), 0.5, 5 * std::sqrt(1. / 12 / (3 * kPasses)));
}

TYPED_TEST(ShakeShakeLayerTest, IsThePlainMeanAtTestTimeAndWhenEven) {
  auto *x = this->Random({4, 3}), *f = this->Random({4, 3}), *g = this->Random({4, 3});
  for (const string& text :
       {this->Text("", "TEST"), this->Text("forward: EVEN backward: EVEN"),
        this->Text("forward: EVEN backward: KEEP"), this->Text("backward: KEEP", "TEST")}) {
    auto* y = this->Empty();
    const auto layer = this->Run(text, {x, f, g}, {y});
    this->FillDiff(y);
    layer->Backward({y}, {true, true, true}, {x, f, g});
    for (int i = 0; i < y->count(); ++i) {
      const double mean = (f->cpu_data()[i] + g->cpu_data()[i]) / 2;
      ASSERT_NEAR(y->cpu_data()[i], x->cpu_data()[i] + mean, 1e-5) << text;
      ASSERT_NEAR(f->cpu_diff()[i], y->cpu_diff()[i] / 2, 1e-6) << text;
      ASSERT_NEAR(g->cpu_diff()[i], y->cpu_diff()[i] / 2, 1e-6) << text;
    }
  }
}

TYPED_TEST(ShakeShakeLayerTest, GradientAgreesWithDifferences) {
  for (const string& text : {this->Text("backward: KEEP"), this->Text("backward: KEEP per: BATCH"),
                             this->Text("forward: EVEN backward: EVEN"), this->Text("", "TEST")}) {
    this->ExpectGradient(text, {this->Random({3, 4}), this->Random({3, 4})});
    this->ExpectGradient(text, {this->Random({3, 4}), this->Random({3, 4}), this->Random({3, 4})});
  }
}

TYPED_TEST(ShakeShakeLayerTest, LeavesGradientsAloneThatNobodyWants) {
  auto *f = this->Random({2, 3}), *g = this->Random({2, 3}), *y = this->Empty();
  const auto layer = this->Run(this->Text(""), {f, g}, {y});
  this->FillDiff(y);
  this->FillDiff(f, 2);
  auto* before = this->Empty();
  before->CopyFrom(*f, true, true);
  layer->Backward({y}, {false, true}, {f, g});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(f->cpu_diff()[i], before->cpu_diff()[i]);
}

TYPED_TEST(ShakeShakeLayerTest, NamesMistakes) {
  auto *f = this->Random({2, 3}), *g = this->Random({2, 3});
  this->ExpectError(this->Text("forward: KEEP"), {f, g}, "forward is KEEP");
  this->ExpectError(this->Text(""), {f, this->Random({3, 2})}, "All have to be the same");
  EXPECT_NE(this->ErrorOfRun(this->Text(""), {f, g}, {f}).find("in place"), string::npos);
}

template <typename TypeParam>
class ShakeDropLayerTest : public RandomLayerTest<TypeParam> {
 protected:
  static string Text(const string& fields, const string& phase = "TRAIN") {
    return "type: 'ShakeDrop' phase: " + phase + " shake_drop_param { " + fields + " }";
  }
};
TYPED_TEST_SUITE(ShakeDropLayerTest, TestDtypesAndDevices);

TYPED_TEST(ShakeDropLayerTest, ShakesByTheThreadsSequence) {
  typedef typename TypeParam::Dtype Dtype;
  auto *x = this->Random({6, 2, 3}), *y = this->Empty();
  for (const char* gate : {"SAMPLE", "BATCH"}) {
    for (const char* shake : {"SAMPLE", "BATCH"}) {
      const auto layer =
          this->Make(this->Text(string("alpha_min: -0.5 alpha_max: 0.75 beta_max: 0.5 gate_per: ") +
                                gate + " shake_per: " + shake));
      layer->SetUp({x}, {y});
      int shaken = 0;
      for (int k = 0; k < 8; ++k) {
        this->Draw(layer.get(), {x}, {y}, k);
        this->FillDiff(y);
        layer->Backward({y}, {true}, {x});
        PhiloxEngine sequence = this->Sequence(k);
        const uint64_t first = sequence.Reserve(6);
        const bool shared = string(shake) == "BATCH";
        const auto a = Uniform<Dtype>(&sequence, 6, shared, -0.5, 0.75);
        const auto beta = Uniform<Dtype>(&sequence, 6, shared, 0, 0.5);
        for (int i = 0; i < x->count(); ++i) {
          const int n = i / 6;
          const uint32_t word =
              sequence.philox().u32(first + (string(gate) == "BATCH" ? 0 : uint64_t(n)));
          const double b = word < (1u << 31) ? 0 : 1;
          const double up = b + a[n] - b * a[n], down = b + beta[n] - b * beta[n];
          ASSERT_NEAR(y->cpu_data()[i], up * x->cpu_data()[i], 1e-5);
          ASSERT_NEAR(x->cpu_diff()[i], down * y->cpu_diff()[i], 1e-5);
          shaken += b == 0;
        }
      }
      EXPECT_GT(shaken, 0);
    }
  }
}

// With x = 1 and dy = 1, top and gradient are the factors themselves.
TYPED_TEST(ShakeDropLayerTest, FactorsHaveTheirDistribution) {
  typedef typename TypeParam::Dtype Dtype;
  auto *x = this->Ones({3}), *y = this->Empty();
  const auto layer =
      this->Make(this->Text("keep: 0.4 depth: 2 depths: 3 gate_per: SAMPLE"));  // b is 1 with 0.6
  layer->SetUp({x}, {y});
  constexpr int kPasses = 2500;
  vector<double> whole(3, 0), alpha(20, 0), beta(20, 0), both(16, 0), gates(8, 0), pairs;
  double sum = 0;
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    caffe_set(3, Dtype(1), y->mutable_cpu_diff());
    layer->Backward({y}, {true}, {x});
    int pattern = 0;
    for (int n = 0; n < 3; ++n) {
      const double up = y->cpu_data()[n], down = x->cpu_diff()[n];
      sum += up;
      if (up == 1 && down == 1) {
        ++whole[n];
        pattern |= 1 << n;
        continue;
      }
      ++alpha[Bin(up, -1, 1, 20)];
      ++beta[Bin(down, 0, 1, 20)];
      ++both[4 * Bin(up, -1, 1, 4) + Bin(down, 0, 1, 4)];
    }
    ++gates[pattern];
  });
  for (int pattern = 0; pattern < 8; ++pattern) {
    pairs.push_back(1);
    for (int n = 0; n < 3; ++n) pairs.back() *= pattern >> n & 1 ? 0.6 : 0.4;
  }
  ExpectRates(whole, 0.6, kPasses, "b");
  ExpectOutcomes(gates, pairs, "b of three samples");
  ExpectOutcomes(alpha, vector<double>(20, 0.05), "alpha");
  ExpectOutcomes(beta, vector<double>(20, 0.05), "beta");
  ExpectOutcomes(both, vector<double>(16, 1. / 16), "alpha and beta");
  // E b = 0.6, E of the factor = 0.6 + 0.4 E alpha; its variance is 0.6 + 0.4 / 3 - 0.36.
  EXPECT_NEAR(sum / (3 * kPasses), 0.6, 5 * std::sqrt((0.24 + 0.4 / 3) / (3 * kPasses)));
}

TYPED_TEST(ShakeDropLayerTest, TestFormIsTheExpectation) {
  const struct {
    const char* fields;
    double factor;
  } cases[] = {{"keep: 0.5", 0.5},
               {"keep: 0.5 depth: 1 depths: 4", 0.875},
               {"keep: 0.4 alpha_min: 0 alpha_max: 1", 0.7},
               {"keep: 1", 1}};
  for (const auto& c : cases) {
    auto *x = this->Random({3, 2}), *y = this->Empty();
    const auto layer = this->Run(this->Text(c.fields, "TEST"), {x}, {y});
    this->FillDiff(y);
    layer->Backward({y}, {true}, {x});
    for (int i = 0; i < 6; ++i) {
      EXPECT_NEAR(y->cpu_data()[i], c.factor * x->cpu_data()[i], 1e-6) << c.fields;
      EXPECT_NEAR(x->cpu_diff()[i], c.factor * y->cpu_diff()[i], 1e-6) << c.fields;
    }
  }
}

TYPED_TEST(ShakeDropLayerTest, OneDrawForTheBatchOrOneASample) {
  auto *x = this->Ones({4}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.3 shake_per: BATCH"));
  layer->SetUp({x}, {y});
  this->ForEachDraw(20, layer.get(), {x}, {y}, [&] {
    for (int n = 1; n < 4; ++n) ASSERT_EQ(y->cpu_data()[n], y->cpu_data()[0]);
  });
  // By default the batch has one gate, and each sample its own factors.
  const auto own = this->Make(this->Text("keep: 0.3"));
  own->SetUp({x}, {y});
  this->ForEachDraw(20, own.get(), {x}, {y}, [&] {
    const bool whole = y->cpu_data()[0] == 1;
    for (int n = 1; n < 4; ++n) ASSERT_EQ(y->cpu_data()[n] == y->cpu_data()[0], whole);
  });
}

TYPED_TEST(ShakeDropLayerTest, IsThePlainNetWithoutDrops) {
  this->ExpectIsIdentity(this->Text("keep: 1"), this->Random({3, 4}));
  this->ExpectIsIdentity(this->Text("keep: 1", "TEST"), this->Random({3, 4}));
}

// The gradient is that of the forward pass where both take the same number.
TYPED_TEST(ShakeDropLayerTest, GradientAgreesWithDifferences) {
  const string fixed =
      "keep: 0.5 gate_per: SAMPLE alpha_min: 0.25 alpha_max: 0.25 beta_min: 0.25 beta_max: 0.25";
  this->ExpectGradient(this->Text(fixed), {this->Random({6, 3})});
  this->ExpectGradient(this->Text("", "TEST"), {this->Random({3, 3})});
}

TYPED_TEST(ShakeDropLayerTest, WorksInPlace) {
  auto* x = this->Random({8, 3, 2});
  this->ExpectWorksInPlace(this->Text("gate_per: SAMPLE"), *x);
  this->ExpectWorksInPlace(this->Text("", "TEST"), *x);
}

TYPED_TEST(ShakeDropLayerTest, NamesMistakes) {
  auto* x = this->Random({2, 3});
  this->ExpectError(this->Text("keep: 2"), {x}, "keep is 2");
  this->ExpectError(this->Text("depth: 5 depths: 4"), {x}, "depth is 5");
  this->ExpectError(this->Text("alpha_min: 2"), {x}, "alpha_min is 2");
  this->ExpectError(this->Text("beta_max: -1"), {x}, "beta_min is 0");
}

}  // namespace caffe
