#include "tests/caffe/layers/random_layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class SpatialDropoutLayerTest : public RandomLayerTest<TypeParam> {
 protected:
  static string Text(const string& keep, const string& phase = "TRAIN") {
    return "type: 'SpatialDropout' phase: " + phase + " spatial_dropout_param { keep: " + keep +
           " }";
  }
};
TYPED_TEST_SUITE(SpatialDropoutLayerTest, TestDtypesAndDevices);

TYPED_TEST(SpatialDropoutLayerTest, DropsWholeMapsByTheThreadsSequence) {
  for (const vector<int>& shape : {vector<int>{3, 7, 4, 5}, {5, 3}, {2, 6, 3}}) {
    auto *x = this->Random(shape), *y = this->Empty();
    const auto layer = this->Make(this->Text("0.75"));
    layer->SetUp({x}, {y});
    this->Draw(layer.get(), {x}, {y}, 3);
    this->FillDiff(y);
    layer->Backward({y}, {true}, {x});
    PhiloxEngine sequence = this->Sequence(3);
    const uint64_t first = sequence.Reserve(shape[0] * shape[1]);
    const int positions = x->count(2);
    for (int i = 0; i < x->count(); ++i) {
      const bool dropped = sequence.philox().u32(first + i / positions) < (1u << 30);
      const double factor = dropped ? 0 : 1 / 0.75;
      ASSERT_NEAR(y->cpu_data()[i], x->cpu_data()[i] * factor, 1e-5) << i;
      ASSERT_NEAR(x->cpu_diff()[i], y->cpu_diff()[i] * factor, 1e-5) << i;
    }
  }
}

TYPED_TEST(SpatialDropoutLayerTest, MapsAreIndependentAndOfTheRate) {
  auto *x = this->Ones({2, 3, 2, 2}), *y = this->Empty();
  const auto layer = this->Make(this->Text("0.7"));
  layer->SetUp({x}, {y});
  constexpr int kPasses = 3000;
  vector<double> drops(6, 0), patterns(64, 0), probabilities(64, 1);
  double sum = 0;
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    int pattern = 0;
    for (int map = 0; map < 6; ++map) {
      const bool dropped = y->cpu_data()[4 * map] == 0;
      for (int k = 1; k < 4; ++k) ASSERT_EQ(y->cpu_data()[4 * map + k] == 0, dropped);
      drops[map] += dropped;
      pattern |= dropped << map;
      sum += y->cpu_data()[4 * map];
    }
    ++patterns[pattern];
  });
  for (int pattern = 0; pattern < 64; ++pattern) {
    for (int map = 0; map < 6; ++map) probabilities[pattern] *= pattern >> map & 1 ? 0.3 : 0.7;
  }
  ExpectRates(drops, 0.3, kPasses, "maps dropped");
  ExpectOutcomes(patterns, probabilities, "maps dropped together");
  // The expectation is the input: 1. A map's factor has the variance 0.3 / 0.7.
  EXPECT_NEAR(sum / (6 * kPasses), 1, 5 * std::sqrt(0.3 / 0.7 / (6 * kPasses)));
}

TYPED_TEST(SpatialDropoutLayerTest, IsThePlainNetAtTestTimeAndWithoutDrops) {
  this->ExpectIsIdentity(this->Text("0.5", "TEST"), this->Random({2, 5, 3, 3}));
  this->ExpectIsIdentity(this->Text("1"), this->Random({2, 5, 3, 3}));
}

TYPED_TEST(SpatialDropoutLayerTest, GradientAgreesWithDifferences) {
  this->ExpectGradient(this->Text("0.6"), {this->Random({2, 4, 2, 3})});
  this->ExpectGradient(this->Text("0.6", "TEST"), {this->Random({2, 4, 2, 3})});
}

TYPED_TEST(SpatialDropoutLayerTest, WorksInPlace) {
  auto* x = this->Random({2, 5, 3, 4});
  this->ExpectWorksInPlace(this->Text("0.6"), *x);
  this->ExpectWorksInPlace(this->Text("0.6", "TEST"), *x);
}

TYPED_TEST(SpatialDropoutLayerTest, ADroppedMapIsZeroWhateverItHeld) {
  typedef typename TypeParam::Dtype Dtype;
  auto *x = this->Ones({1, 64, 1}), *y = this->Empty();
  caffe_set(x->count(), std::numeric_limits<Dtype>::infinity(), x->mutable_cpu_data());
  const auto layer = this->Run(this->Text("0.5"), {x}, {y});
  for (int i = 0; i < y->count(); ++i) EXPECT_FALSE(std::isnan(y->cpu_data()[i]));
}

TYPED_TEST(SpatialDropoutLayerTest, NamesMistakes) {
  this->ExpectError(this->Text("0"), {this->Random({2, 2})}, "keep is 0");
  this->ExpectError(this->Text("1.5"), {this->Random({2, 2})}, "keep is 1.5");
  this->ExpectError(this->Text("0.5"), {this->Random({4})}, "at least 2 axes");
}

}  // namespace caffe
