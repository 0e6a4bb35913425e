#include "caffe/layers/dropout_layer.hpp"

#include "caffe/util/rng.hpp"
#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class DropoutLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(DropoutLayerTest, TestDtypesAndDevices);

TYPED_TEST(DropoutLayerTest, MaskIsTheThreadsSequenceOnEveryDevice) {
  typedef typename TypeParam::Dtype Dtype;
  // Not a multiple of the four words that one evaluation gives.
  auto* x = this->Random({3, 337});
  auto* y = this->Empty();
  for (const double ratio : {0.25, 0.5, 0.75}) {
    const auto layer = this->Make(
        "type: 'Dropout' dropout_param { dropout_ratio: " + std::to_string(ratio) + " }");
    layer->SetUp({x}, {y});
    Caffe::set_random_seed(5);
    PhiloxEngine expected = *caffe_rng();
    layer->Forward({x}, {y});
    const uint64_t first = expected.Reserve(x->count());
    this->FillDiff(y);
    layer->Backward({y}, {true}, {x});
    int kept = 0;
    for (int i = 0; i < x->count(); ++i) {
      const bool keep = expected.philox().u32(first + i) >= uint32_t(ratio * 4294967296.0);
      const Dtype scale = keep ? Dtype(1) / (Dtype(1) - Dtype(ratio)) : Dtype(0);
      EXPECT_NEAR(y->cpu_data()[i], x->cpu_data()[i] * scale, 1e-5);
      EXPECT_NEAR(x->cpu_diff()[i], y->cpu_diff()[i] * scale, 1e-5);
      kept += keep;
    }
    // Five standard deviations.
    const double n = x->count();
    EXPECT_NEAR(kept, n * (1 - ratio), 5 * std::sqrt(n * ratio * (1 - ratio)));
    EXPECT_EQ((*caffe_rng())(), expected()) << "the generator goes on behind the mask";
  }
}

TYPED_TEST(DropoutLayerTest, EveryForwardDrawsAnew) {
  auto* x = this->Random({100});
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'Dropout'", {x}, {y});
  auto* before = this->Copy(*y);
  layer->Forward({x}, {y});
  int changed = 0;
  for (int i = 0; i < 100; ++i) changed += before->cpu_data()[i] != y->cpu_data()[i];
  EXPECT_GT(changed, 20);
}

TYPED_TEST(DropoutLayerTest, TestPhasePassesEverything) {
  auto* x = this->Random({2, 3});
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'Dropout' phase: TEST", {x}, {y});
  this->ExpectNear(y->cpu_data(), *x, x->cpu_data(), "top");
  this->FillDiff(y);
  layer->Backward({y}, {true}, {x});
  this->ExpectNear(x->cpu_diff(), *x, y->cpu_diff(), "gradient");
}

TYPED_TEST(DropoutLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* phase : {"TRAIN", "TEST"}) {
    const auto layer = this->Make(string("type: 'Dropout' phase: ") + phase);
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradientEltwise(layer.get(), {this->Random({2, 3, 4})}, {this->Empty()});
  }
}

TYPED_TEST(DropoutLayerTest, WorksInPlace) {
  auto* x = this->Random({2, 3, 4});
  this->ExpectWorksInPlace("type: 'Dropout'", *x);
  this->ExpectWorksInPlace("type: 'Dropout' phase: TEST", *x);
}

TYPED_TEST(DropoutLayerTest, RatioOutOfRangeIsAnError) {
  for (const char* ratio : {"-0.5", "1", "1.5"}) {
    EXPECT_NE(
        this->ErrorOfRun(string("type: 'Dropout' dropout_param { dropout_ratio: ") + ratio + " }",
                         {this->Random({2})}, {this->Empty()})
            .find("dropout_ratio is " + string(ratio)),
        string::npos);
  }
}

}  // namespace caffe
