// Reduction, Tile, ArgMax, Parameter and Crop.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class ReductionLayersTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  void CheckGradient(const string& text, const vector<Blob<Dtype>*>& bottom, int check = -1) {
    const auto layer = this->Make(text);
    GradientChecker<Dtype> checker(1e-2, 2e-3, 1701, 0., 0.02);
    checker.CheckGradientExhaustive(layer.get(), bottom, {this->Empty()}, check);
  }
};

TYPED_TEST_SUITE(ReductionLayersTest, TestDtypesAndDevices);

TYPED_TEST(ReductionLayersTest, ReductionMakesOneNumberOfTheLastAxes) {
  const vector<std::pair<string, double>> cases = {
      {"SUM", 1 - 2 + 3 - 4}, {"ASUM", 10}, {"SUMSQ", 30}, {"MEAN", -0.5}};
  for (const auto& [operation, wanted] : cases) {
    const string text =
        "type: 'Reduction' reduction_param { axis: 1 coeff: 2 operation: " + operation + " }";
    SCOPED_TRACE(text);
    auto* bottom = this->Values({2, 2, 2}, {1, -2, 3, -4, 0, 0, 0, 0});
    auto* top = this->Empty();
    this->Run(text, {bottom}, {top});
    EXPECT_EQ(top->shape(), vector<int>({2}));
    this->ExpectValues(*top, {2 * wanted, 0});
    this->CheckGradient(text, {this->Random({2, 3, 2})});
  }
  auto* top = this->Empty();
  this->Run("type: 'Reduction'", {this->Values({2, 2}, {1, 2, 3, 4})}, {top});
  EXPECT_EQ(top->num_axes(), 0);
  this->ExpectValues(*top, {10});
}

TYPED_TEST(ReductionLayersTest, TileRepeatsBlocks) {
  auto* bottom = this->Values({2, 2}, {1, 2, 3, 4});
  auto* top = this->Empty();
  this->Run("type: 'Tile' tile_param { tiles: 3 }", {bottom}, {top});
  EXPECT_EQ(top->shape(), vector<int>({2, 6}));
  this->ExpectValues(*top, {1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4});
  this->Run("type: 'Tile' tile_param { axis: 0 tiles: 2 }", {bottom}, {top});
  this->ExpectValues(*top, {1, 2, 3, 4, 1, 2, 3, 4});
  this->CheckGradient("type: 'Tile' tile_param { tiles: 3 }", {this->Random({2, 2, 3})});
  EXPECT_NE(this->ErrorOfRun("type: 'Tile'", {bottom}, {top}).find("tiles is 0"), string::npos);
}

TYPED_TEST(ReductionLayersTest, ArgMaxPrefersTheLaterOfEqualValues) {
  auto* bottom = this->Values({2, 3}, {0.5, 0.1, 0.5, 0.2, 0.9, 0.3});
  auto* top = this->Empty();
  this->Run("type: 'ArgMax' argmax_param { top_k: 2 }", {bottom}, {top});
  EXPECT_EQ(top->shape(), vector<int>({2, 1, 2}));
  this->ExpectValues(*top, {2, 0, 1, 2});
  this->Run("type: 'ArgMax' argmax_param { out_max_val: true top_k: 2 }", {bottom}, {top});
  EXPECT_EQ(top->shape(), vector<int>({2, 2, 2}));
  this->ExpectValues(*top, {2, 0, 0.5, 0.5, 1, 2, 0.9, 0.3});
}

TYPED_TEST(ReductionLayersTest, ArgMaxAlongAnAxis) {
  auto* bottom = this->Values({1, 3, 2}, {1, 6, 3, 4, 2, 5});
  auto* top = this->Empty();
  this->Run("type: 'ArgMax' argmax_param { axis: 1 }", {bottom}, {top});
  EXPECT_EQ(top->shape(), vector<int>({1, 1, 2}));
  this->ExpectValues(*top, {1, 0});
  this->Run("type: 'ArgMax' argmax_param { axis: 1 top_k: 2 out_max_val: true }", {bottom}, {top});
  this->ExpectValues(*top, {3, 6, 2, 5});
  EXPECT_NE(this->ErrorOfRun("type: 'ArgMax' argmax_param { axis: 1 top_k: 4 }", {bottom}, {top})
                .find("from 1 to 3"),
            string::npos);
}

TYPED_TEST(ReductionLayersTest, ParameterGivesItsBlobAndItsGradient) {
  auto* top = this->Empty();
  const auto layer = this->Make("type: 'Parameter' parameter_param { shape { dim: 2 dim: 3 } }");
  layer->SetUp({}, {top});
  EXPECT_EQ(layer->blobs()[0]->shape(), vector<int>({2, 3}));
  layer->blobs()[0]->mutable_cpu_data()[4] = 7;
  layer->Forward({}, {top});
  this->ExpectValues(*top, {0, 0, 0, 0, 7, 0});
  top->mutable_cpu_diff()[1] = 3;
  layer->Backward({top}, {}, {});
  EXPECT_EQ(layer->blobs()[0]->cpu_diff()[1], 3);
}

TYPED_TEST(ReductionLayersTest, CropCutsAWindow) {
  auto* bottom = this->Random({2, 3, 5, 4});
  auto* like = this->Random({2, 3, 2, 3});
  auto* top = this->Empty();
  const string text = "type: 'Crop' crop_param { offset: 2 offset: 1 }";
  this->Run(text, {bottom, like}, {top});
  ASSERT_EQ(top->shape(), like->shape());
  for (int n = 0; n < 2; ++n) {
    for (int c = 0; c < 3; ++c) {
      for (int h = 0; h < 2; ++h) {
        for (int w = 0; w < 3; ++w) {
          EXPECT_EQ(top->data_at(n, c, h, w), bottom->data_at(n, c, h + 2, w + 1));
        }
      }
    }
  }
  this->CheckGradient(text, {bottom, like}, 0);
  this->CheckGradient("type: 'Crop' crop_param { axis: 1 offset: 1 offset: 0 offset: 0 }",
                      {this->Random({1, 3, 2, 2}), this->Random({2, 2, 1, 2})}, 0);
}

TYPED_TEST(ReductionLayersTest, CropRefusesWhatDoesNotFit) {
  auto* bottom = this->Random({2, 3, 5, 4});
  auto* like = this->Random({2, 3, 2, 3});
  auto* top = this->Empty();
  const auto error = [&](const string& param) {
    return this->ErrorOfRun("type: 'Crop' crop_param { " + param + " }", {bottom, like}, {top});
  };
  EXPECT_NE(error("offset: 4").find("axis 2 of bottom 0 has 5 elements"), string::npos);
  EXPECT_NE(error("axis: 1 offset: 0 offset: 0").find("found 2 offsets for the 3 axes"),
            string::npos);
}

}  // namespace
}  // namespace caffe
