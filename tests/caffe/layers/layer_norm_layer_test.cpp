#include "caffe/layers/layer_norm_layer.hpp"

#include <limits>
#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"
#include "tests/caffe/oracle_values.hpp"

namespace caffe {

template <typename TypeParam>
class LayerNormLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(LayerNormLayerTest, TestDtypesAndDevices);

TYPED_TEST(LayerNormLayerTest, AgreesWithPyTorch) {
  typedef typename TypeParam::Dtype Dtype;
  const auto arrays = oracle::ReadArrays("transformer_values.txt");
  for (const auto& [name, param] :
       {std::pair<string, string>{"norm_last", ""}, {"norm_two", "layer_norm_param { axis: 1 }"}}) {
    auto* bottom = this->Random({3, 4, 6});
    auto* top = this->Empty();
    oracle::FillData(name + ".x", 2, bottom);
    auto layer = this->Make("type: 'LayerNorm' " + param);
    layer->SetUp({bottom}, {top});
    const char* blobs[] = {"scale", "shift"};
    for (int i = 0; i < 2; ++i) {
      oracle::FillData(name + "." + blobs[i], 2, layer->blobs()[i].get());
      caffe_set(layer->blobs()[i]->count(), Dtype(0), layer->blobs()[i]->mutable_cpu_diff());
    }
    layer->Forward({bottom}, {top});
    const double tolerance = std::numeric_limits<Dtype>::epsilon() * 100 + 1e-8;  // 9 digits
    oracle::ExpectArray(arrays.at(name + ".y"), top->cpu_data(), top->count(), tolerance, name);
    oracle::FillDiff(name + ".dy", 1, top);
    layer->Backward({top}, {true}, {bottom});
    oracle::ExpectArray(arrays.at(name + ".dx"), bottom->cpu_diff(), bottom->count(), tolerance,
                        name + " dx");
    for (int i = 0; i < 2; ++i) {
      oracle::ExpectArray(arrays.at(name + ".d" + blobs[i]), layer->blobs()[i]->cpu_diff(),
                          layer->blobs()[i]->count(), tolerance, name + " d" + blobs[i]);
    }
  }
}

TYPED_TEST(LayerNormLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* param :
       {"", "layer_norm_param { axis: 1 affine: false }",
        "layer_norm_param { filler { type: 'gaussian' } bias_filler { type: 'gaussian' } }"}) {
    SCOPED_TRACE(param);
    auto layer = this->Make(string("type: 'LayerNorm' ") + param);
    GradientChecker<Dtype> checker(1e-2, 2e-3);
    checker.CheckGradient(layer.get(), {this->Random({3, 2, 5})}, {this->Empty()});
  }
}

TYPED_TEST(LayerNormLayerTest, ManyRowsAddUp) {
  typedef typename TypeParam::Dtype Dtype;
  const int rows = 3 * kLayerNormBlock + 5;
  auto* bottom = this->Random({rows, 4});
  auto* top = this->Empty();
  auto layer = this->Run("type: 'LayerNorm'", {bottom}, {top});
  this->FillDiff(top);
  for (int pass = 0; pass < 2; ++pass) layer->Backward({top}, {false}, {bottom});
  vector<double> scale(4), shift(4);
  for (int i = 0; i < top->count(); ++i) {
    // Without a shift and with scale 1 the top is the normalised bottom.
    scale[i % 4] += 2.0 * top->cpu_diff()[i] * top->cpu_data()[i];
    shift[i % 4] += 2.0 * top->cpu_diff()[i];
  }
  const double tolerance = std::numeric_limits<Dtype>::epsilon() * rows * 4;
  for (int c = 0; c < 4; ++c) {
    EXPECT_NEAR(layer->blobs()[0]->cpu_diff()[c], scale[c], tolerance);
    EXPECT_NEAR(layer->blobs()[1]->cpu_diff()[c], shift[c], tolerance);
  }
}

TYPED_TEST(LayerNormLayerTest, LargeMeansKeepTheirDeviation) {
  auto* bottom = this->Values({1, 4}, {10000, 10001, 10002, 10003});
  auto* top = this->Empty();
  this->Run("type: 'LayerNorm'", {bottom}, {top});
  this->ExpectValues(*top, {-1.341635, -0.447212, 0.447212, 1.341635}, 1e-3);
}

TYPED_TEST(LayerNormLayerTest, GradientsThatNobodyWantsStay) {
  typedef typename TypeParam::Dtype Dtype;
  auto* bottom = this->Random({3, 4});
  auto* top = this->Empty();
  auto layer = this->Run("type: 'LayerNorm'", {bottom}, {top});
  this->FillDiff(top);
  layer->set_param_propagate_down(0, false);
  layer->Backward({top}, {false}, {bottom});
  EXPECT_EQ(layer->blobs()[0]->asum_diff(), Dtype(0));
  EXPECT_NE(layer->blobs()[1]->asum_diff(), Dtype(0));
  EXPECT_EQ(bottom->asum_diff(), Dtype(0));
}

TYPED_TEST(LayerNormLayerTest, NamesMistakes) {
  const auto error = [this](const string& param, const vector<int>& shape) {
    return this->ErrorOfRun("type: 'LayerNorm' " + param, {this->Random(shape)}, {this->Empty()});
  };
  EXPECT_NE(error("layer_norm_param { eps: 0 }", {2, 3}).find("eps is 0"), string::npos);
  EXPECT_NE(error("layer_norm_param { axis: 3 }", {2, 3}), "");
  EXPECT_NE(error("blobs { shape { dim: 3 } data: 1 data: 1 data: 1 }", {2, 3}).find("2, scale"),
            string::npos);
  auto* bottom = this->Random({2, 3});
  EXPECT_NE(this->ErrorOfRun("type: 'LayerNorm'", {bottom}, {bottom}).find("in place"),
            string::npos);
  auto layer = this->Run("type: 'LayerNorm'", {bottom}, {this->Empty()});
  auto* wide = this->Random({2, 4});
  EXPECT_NE(ErrorOf([&] { layer->Forward({wide}, {this->Empty()}); }).find("set up to normalise"),
            string::npos);
}

}  // namespace caffe
