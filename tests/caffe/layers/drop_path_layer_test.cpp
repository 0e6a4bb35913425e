#include "caffe/layers/drop_path_layer.hpp"

#include "tests/caffe/layers/random_layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class DropPathLayerTest : public RandomLayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  static string Text(const string& fields, const string& phase = "TRAIN") {
    return "type: 'DropPath' phase: " + phase + " drop_path_param { " + fields + " }";
  }
  double RateAt(const string& fields, const TrainingPosition& position) {
    auto *x = this->Ones({1}), *y = this->Empty();
    const auto layer = this->Make(Text(fields));
    layer->SetUp({x}, {y});
    layer->set_training_position(position);
    return dynamic_cast<DropPathLayer<Dtype>&>(*layer).drop_rate();
  }
};
TYPED_TEST_SUITE(DropPathLayerTest, TestDtypesAndDevices);

TYPED_TEST(DropPathLayerTest, DropsSamplesByTheThreadsSequence) {
  auto *x = this->Random({9, 3, 4}), *y = this->Empty();
  for (const bool per_batch : {false, true}) {
    const auto layer =
        this->Make(this->Text(string("keep: 0.5 per: ") + (per_batch ? "BATCH" : "SAMPLE")));
    layer->SetUp({x}, {y});
    for (int k = 0; k < 4; ++k) {
      this->Draw(layer.get(), {x}, {y}, k);
      this->FillDiff(y);
      layer->Backward({y}, {true}, {x});
      PhiloxEngine sequence = this->Sequence(k);
      const uint64_t first = sequence.Reserve(9);
      for (int i = 0; i < x->count(); ++i) {
        const int word = per_batch ? 0 : i / 12;
        const bool dropped = sequence.philox().u32(first + word) < (1u << 31);
        const double factor = dropped ? 0 : per_batch ? 1 : 2;
        ASSERT_NEAR(y->cpu_data()[i], x->cpu_data()[i] * factor, 1e-5) << i;
        ASSERT_NEAR(x->cpu_diff()[i], y->cpu_diff()[i] * factor, 1e-5) << i;
      }
    }
  }
}

TYPED_TEST(DropPathLayerTest, SamplesAreIndependentAndKeepTheirExpectation) {
  auto *x = this->Ones({5, 2}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.8"));
  layer->SetUp({x}, {y});
  constexpr int kPasses = 3000;
  vector<double> drops(5, 0), patterns(32, 0), probabilities(32, 1);
  double sum = 0;
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    int pattern = 0;
    for (int n = 0; n < 5; ++n) {
      const bool dropped = y->cpu_data()[2 * n] == 0;
      ASSERT_EQ(y->cpu_data()[2 * n + 1] == 0, dropped);
      drops[n] += dropped;
      pattern |= dropped << n;
      sum += y->cpu_data()[2 * n];
    }
    ++patterns[pattern];
  });
  for (int pattern = 0; pattern < 32; ++pattern) {
    for (int n = 0; n < 5; ++n) probabilities[pattern] *= pattern >> n & 1 ? 0.2 : 0.8;
  }
  ExpectRates(drops, 0.2, kPasses, "samples dropped");
  ExpectOutcomes(patterns, probabilities, "samples dropped together");
  EXPECT_NEAR(sum / (5 * kPasses), 1, 5 * std::sqrt(0.2 / 0.8 / (5 * kPasses)));
}

TYPED_TEST(DropPathLayerTest, ABatchIsDroppedAsOneAndItsExpectationIsTheTestForm) {
  auto *x = this->Ones({4}), *y = this->Empty();
  const string fields = "keep: 0.4 per: BATCH depth: 2 depths: 3";  // kept with probability 0.6
  const auto layer = this->Make(this->Text(fields));
  layer->SetUp({x}, {y});
  constexpr int kPasses = 3000;
  double drops = 0;
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    for (int n = 0; n < 4; ++n) {
      ASSERT_TRUE(y->cpu_data()[n] == 0 || y->cpu_data()[n] == 1);
      ASSERT_EQ(y->cpu_data()[n], y->cpu_data()[0]);
    }
    drops += y->cpu_data()[0] == 0;
  });
  ExpectOutcomes({drops, kPasses - drops}, {0.4, 0.6}, "batches dropped");
  auto* test = this->Empty();
  const auto test_layer = this->Run(this->Text(fields, "TEST"), {x}, {test});
  this->FillDiff(test);
  test_layer->Backward({test}, {true}, {x});
  for (int n = 0; n < 4; ++n) {
    EXPECT_NEAR(test->cpu_data()[n], 0.6, 1e-6);
    EXPECT_NEAR(x->cpu_diff()[n], 0.6 * test->cpu_diff()[n], 1e-6);
  }
}

TYPED_TEST(DropPathLayerTest, DropRateGrowsOverDepthAndTraining) {
  const TrainingPosition none;
  EXPECT_NEAR(this->RateAt("keep: 0.9", none), 0.1, 1e-7);
  EXPECT_NEAR(this->RateAt("keep: 0.5 depth: 3 depths: 4", none), 0.375, 1e-7);
  EXPECT_NEAR(this->RateAt("keep: 0.5 depth: 4 depths: 4", none), 0.5, 1e-7);
  // Without a schedule the place in the training does not matter.
  EXPECT_NEAR(this->RateAt("keep: 0.5", {0, 100}), 0.5, 1e-7);
  const string scheduled = "keep: 0.6 depth: 1 depths: 2 scheduled: true ";
  EXPECT_NEAR(this->RateAt(scheduled, none), 0.2, 1e-7);
  EXPECT_EQ(this->RateAt(scheduled, {0, 100}), 0);
  EXPECT_NEAR(this->RateAt(scheduled, {25, 100}), 0.05, 1e-7);
  EXPECT_NEAR(this->RateAt(scheduled, {100, 100}), 0.2, 1e-7);
  EXPECT_NEAR(this->RateAt(scheduled, {120, 100}), 0.2, 1e-7);
  const string part = scheduled + "start_iter: 20 end_iter: 60 ";
  EXPECT_EQ(this->RateAt(part, {20, 100}), 0);
  EXPECT_NEAR(this->RateAt(part, {30, 100}), 0.05, 1e-7);
  EXPECT_NEAR(this->RateAt(part, {60, 100}), 0.2, 1e-7);
  EXPECT_NEAR(this->RateAt(part, {99, 100}), 0.2, 1e-7);
}

TYPED_TEST(DropPathLayerTest, AScheduleStartsWithThePlainNet) {
  auto *x = this->Random({6, 2}), *y = this->Empty();
  for (const char* per : {"SAMPLE", "BATCH"}) {
    const auto layer = this->Make(this->Text(string("keep: 0.1 scheduled: true per: ") + per));
    layer->SetUp({x}, {y});
    layer->set_training_position({0, 10});
    layer->Forward({x}, {y});
    for (int i = 0; i < x->count(); ++i) ASSERT_EQ(x->cpu_data()[i], y->cpu_data()[i]);
    layer->set_training_position({10, 10});
    int zeros = 0;
    this->ForEachDraw(20, layer.get(), {x}, {y}, [&] { zeros += y->cpu_data()[0] == 0; });
    EXPECT_GT(zeros, 10);
  }
}

TYPED_TEST(DropPathLayerTest, IsThePlainNetAtTestTimeAndWithoutDrops) {
  this->ExpectIsIdentity(this->Text("keep: 0.5", "TEST"), this->Random({3, 2, 2}));
  for (const char* per : {" per: SAMPLE", " per: BATCH"}) {
    this->ExpectIsIdentity(this->Text(string("keep: 1") + per), this->Random({3, 2, 2}));
    this->ExpectIsIdentity(this->Text(string("keep: 1") + per, "TEST"), this->Random({3, 2}));
  }
}

TYPED_TEST(DropPathLayerTest, GradientAgreesWithDifferences) {
  for (const char* phase : {"TRAIN", "TEST"}) {
    for (const char* per : {" per: SAMPLE", " per: BATCH"}) {
      this->ExpectGradient(this->Text(string("keep: 0.6") + per, phase), {this->Random({6, 2, 2})});
    }
  }
}

TYPED_TEST(DropPathLayerTest, WorksInPlace) {
  auto* x = this->Random({8, 3, 2});
  for (const char* phase : {"TRAIN", "TEST"}) {
    for (const char* per : {" per: SAMPLE", " per: BATCH"}) {
      this->ExpectWorksInPlace(this->Text(string("keep: 0.6") + per, phase), *x);
    }
  }
}

TYPED_TEST(DropPathLayerTest, NamesMistakes) {
  this->ExpectError(this->Text("keep: 0"), {this->Random({2})}, "keep is 0");
  this->ExpectError(this->Text("keep: 1.25"), {this->Random({2})}, "keep is 1.25");
  this->ExpectError(this->Text("depth: 3 depths: 2"), {this->Random({2})}, "depth is 3");
  this->ExpectError(this->Text("depth: 0"), {this->Random({2})}, "depth is 0");
  this->ExpectError(this->Text("start_iter: 5 end_iter: 5"), {this->Random({2})}, "end_iter is 5");
  this->ExpectError(this->Text("start_iter: -1"), {this->Random({2})}, "start_iter is -1");
  this->ExpectError(this->Text(""), {this->Random({})}, "batch axis");
}

}  // namespace caffe
