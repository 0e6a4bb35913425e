#include "caffe/layers/flatten_layer.hpp"
#include "caffe/layers/reshape_layer.hpp"
#include "caffe/layers/silence_layer.hpp"
#include "caffe/layers/split_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

/// Split, Flatten, Reshape and Silence: layers that only pass memory on.
template <typename TypeParam>
class ShapeLayersTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(ShapeLayersTest, TestDtypesAndDevices);

TYPED_TEST(ShapeLayersTest, SplitSharesDataAndAddsGradients) {
  typedef typename TypeParam::Dtype Dtype;
  auto* x = this->Random({2, 3});
  for (const int tops : {1, 2, 3}) {
    vector<Blob<Dtype>*> y;
    for (int i = 0; i < tops; ++i) y.push_back(this->Empty());
    const auto layer = this->Run("type: 'Split'", {x}, y);
    for (int i = 0; i < tops; ++i) {
      EXPECT_EQ(y[i]->shape(), x->shape());
      EXPECT_EQ(y[i]->cpu_data(), x->cpu_data());
      this->FillDiff(y[i], i);
    }
    layer->Backward(y, {true}, {x});
    for (int j = 0; j < x->count(); ++j) {
      Dtype sum = 0;
      for (int i = 0; i < tops; ++i) sum += y[i]->cpu_diff()[j];
      EXPECT_EQ(x->cpu_diff()[j], sum);
    }
  }
  EXPECT_NE(this->ErrorOfRun("type: 'Split'", {x}, {x}).find("in place"), string::npos);
}

TYPED_TEST(ShapeLayersTest, FlattenMergesAxes) {
  auto* x = this->Random({2, 3, 4, 5});
  const std::pair<const char*, vector<int>> cases[] = {{"", {2, 60}},
                                                       {"axis: 0", {120}},
                                                       {"end_axis: -2", {2, 12, 5}},
                                                       {"axis: -2", {2, 3, 20}},
                                                       {"axis: 2 end_axis: 2", {2, 3, 4, 5}}};
  for (const auto& [param, shape] : cases) {
    auto* y = this->Empty();
    this->Run(string("type: 'Flatten' flatten_param { ") + param + " }", {x}, {y});
    EXPECT_EQ(y->shape(), shape) << param;
    EXPECT_EQ(y->cpu_data(), x->cpu_data());
    EXPECT_EQ(y->cpu_diff(), x->cpu_diff());
  }
  EXPECT_NE(this->ErrorOfRun("type: 'Flatten'", {x}, {x}).find("in place"), string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'Flatten' flatten_param { axis: 2 end_axis: 1 }", {x},
                             {this->Empty()})
                .find("axis 2 comes after end_axis 1"),
            string::npos);
}

TYPED_TEST(ShapeLayersTest, FlattenGradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  const auto layer = this->Make("type: 'Flatten'");
  GradientChecker<Dtype> checker(1e-2, 1e-3);
  checker.CheckGradientEltwise(layer.get(), {this->Random({2, 3, 2})}, {this->Empty()});
}

TYPED_TEST(ShapeLayersTest, ReshapeCopiesAndInfers) {
  auto* x = this->Random({2, 3, 4, 5});
  const std::pair<const char*, vector<int>> cases[] = {
      {"shape { dim: 0 dim: -1 }", {2, 60}},
      {"shape { dim: 4 dim: 3 dim: 10 }", {4, 3, 10}},
      {"shape { dim: 0 dim: 0 dim: 2 dim: -1 }", {2, 3, 2, 10}},
      {"shape { dim: 1 dim: 3 } axis: 1 num_axes: 1", {2, 1, 3, 4, 5}},
      {"shape { dim: -1 } axis: 1 num_axes: 2", {2, 12, 5}},
      {"shape { dim: 1 } axis: -1 num_axes: 0", {2, 3, 4, 5, 1}},
      {"shape { dim: 1 } num_axes: 0", {1, 2, 3, 4, 5}},
      {"shape { dim: 20 } axis: -3", {2, 3, 20}}};
  for (const auto& [param, shape] : cases) {
    auto* y = this->Empty();
    this->Run(string("type: 'Reshape' reshape_param { ") + param + " }", {x}, {y});
    EXPECT_EQ(y->shape(), shape) << param;
    EXPECT_EQ(y->cpu_data(), x->cpu_data());
    EXPECT_EQ(y->cpu_diff(), x->cpu_diff());
  }
}

TYPED_TEST(ShapeLayersTest, ReshapeErrors) {
  auto* x = this->Random({2, 3, 4});
  const std::pair<const char*, const char*> cases[] = {
      {"shape { dim: -1 dim: -1 }", "only one can be inferred"},
      {"shape { dim: -2 }", "dim 0 of the new shape is -2"},
      {"shape { dim: 5 dim: -1 }", "do not divide"},
      {"shape { dim: 5 dim: 5 }", "has 24 values, but the new shape, 5x5, has 25"},
      {"shape { dim: 2 dim: 3 dim: 4 dim: 0 }", "no such axis to copy"},
      {"shape { dim: 4 } axis: 2 num_axes: 2", "go up to axis 4"},
      {"shape { dim: 4 } axis: 4", "axis is 4"}};
  for (const auto& [param, message] : cases) {
    EXPECT_NE(this->ErrorOfRun(string("type: 'Reshape' reshape_param { ") + param + " }", {x},
                               {this->Empty()})
                  .find(message),
              string::npos)
        << param;
  }
  EXPECT_NE(this->ErrorOfRun("type: 'Reshape'", {x}, {x}).find("in place"), string::npos);
}

TYPED_TEST(ShapeLayersTest, SilenceHasZeroGradient) {
  auto* a = this->Random({2, 3});
  auto* b = this->Random({4});
  const auto layer = this->Run("type: 'Silence'", {a, b}, {});
  this->FillDiff(a);
  this->FillDiff(b);
  layer->Backward({}, {true, false}, {a, b});
  EXPECT_EQ(a->asum_diff(), 0);
  EXPECT_NE(b->asum_diff(), 0);
}

}  // namespace caffe
