#include "caffe/layers/scale_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class ScaleLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(ScaleLayerTest, TestDtypesAndDevices);

TYPED_TEST(ScaleLayerTest, LearnedOperandsAreBroadcastFromTheirAxis) {
  struct Case {
    const char* axes;
    vector<int> operand;
    int dim, inner;
  };
  const vector<Case> cases = {{"", {3}, 3, 20},
                              {"axis: 0", {2}, 2, 60},
                              {"axis: 1 num_axes: 2", {3, 4}, 12, 5},
                              {"axis: -1", {5}, 5, 1},
                              {"axis: 0 num_axes: -1", {2, 3, 4, 5}, 120, 1},
                              {"num_axes: 0", {}, 1, 120}};
  for (const Case& c : cases) {
    auto* x = this->Random({2, 3, 4, 5});
    auto* y = this->Empty();
    const string filler = "{ type: 'gaussian' }";
    const auto layer =
        this->Run(string("type: 'Scale' scale_param { ") + c.axes + " bias_term: true filler " +
                      filler + " bias_filler " + filler + " }",
                  {x}, {y});
    ASSERT_EQ(layer->blobs().size(), 2u) << c.axes;
    EXPECT_EQ(layer->blobs()[0]->shape(), c.operand) << c.axes;
    EXPECT_EQ(layer->blobs()[1]->shape(), c.operand) << c.axes;
    for (int i = 0; i < x->count(); ++i) {
      const int k = i / c.inner % c.dim;
      EXPECT_NEAR(
          y->cpu_data()[i],
          x->cpu_data()[i] * layer->blobs()[0]->cpu_data()[k] + layer->blobs()[1]->cpu_data()[k],
          1e-5)
          << c.axes;
    }
  }
}

TYPED_TEST(ScaleLayerTest, TwoBottoms) {
  auto* x = this->Random({2, 3, 4});
  auto* s = this->Random({3});
  auto* y = this->Empty();
  EXPECT_TRUE(this->Run("type: 'Scale'", {x, s}, {y})->blobs().empty());
  for (int i = 0; i < x->count(); ++i) {
    EXPECT_NEAR(y->cpu_data()[i], x->cpu_data()[i] * s->cpu_data()[i / 4 % 3], 1e-6);
  }
}

TYPED_TEST(ScaleLayerTest, DefaultFillers) {
  auto* y = this->Empty();
  auto* x = this->Values({1, 1, 2}, {3, -4});
  this->Run("type: 'Scale' scale_param { bias_term: true }", {x}, {y});
  this->ExpectValues(*y, {3, -4});
  this->Run("type: 'Scale' scale_param { filler { } }", {x}, {y});
  this->ExpectValues(*y, {0, 0});
}

TYPED_TEST(ScaleLayerTest, LoadedBlobsAreNotFilled) {
  auto* y = this->Empty();
  this->Run(
      "type: 'Scale' scale_param { bias_term: true } "
      "blobs { shape { dim: 2 } data: 2 data: 3 } blobs { shape { dim: 2 } data: 5 data: 7 }",
      {this->Values({1, 2}, {1, 10})}, {y});
  this->ExpectValues(*y, {7, 37});
}

TYPED_TEST(ScaleLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* axes : {"", "axis: 0 num_axes: 2", "num_axes: 0", "axis: -1"}) {
    const auto layer = this->Make(string("type: 'Scale' scale_param { ") + axes +
                                  " bias_term: true filler { type: 'gaussian' } "
                                  "bias_filler { type: 'gaussian' } }");
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradientExhaustive(layer.get(), {this->Random({2, 3, 4})}, {this->Empty()});
  }
}

TYPED_TEST(ScaleLayerTest, GradientOfTwoBottomsAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* param : {"", "bias_term: true bias_filler { value: 1 }"}) {
    const auto layer = this->Make(string("type: 'Scale' scale_param { ") + param + " }");
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradientExhaustive(layer.get(), {this->Random({2, 3, 4}), this->Random({3, 4})},
                                    {this->Empty()});
  }
}

TYPED_TEST(ScaleLayerTest, ParameterGradientsAccumulate) {
  typedef typename TypeParam::Dtype Dtype;
  auto* x = this->Values({1, 1, 2}, {3, -4});
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'Scale' scale_param { bias_term: true }", {x}, {y});
  caffe_set(2, Dtype(1), y->mutable_cpu_diff());
  layer->blobs()[0]->mutable_cpu_diff()[0] = 10;
  layer->blobs()[1]->mutable_cpu_diff()[0] = 20;
  layer->Backward({y}, {true}, {x});
  EXPECT_EQ(layer->blobs()[0]->cpu_diff()[0], Dtype(9));
  EXPECT_EQ(layer->blobs()[1]->cpu_diff()[0], Dtype(22));
}

TYPED_TEST(ScaleLayerTest, FrozenParametersGetNoGradient) {
  typedef typename TypeParam::Dtype Dtype;
  auto* x = this->Values({1, 1, 2}, {3, -4});
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'Scale' scale_param { bias_term: true }", {x}, {y});
  layer->set_param_propagate_down(0, false);
  caffe_set(2, Dtype(1), y->mutable_cpu_diff());
  for (int i = 0; i < 2; ++i) layer->blobs()[i]->mutable_cpu_diff()[0] = 10;
  layer->Backward({y}, {true}, {x});
  EXPECT_EQ(layer->blobs()[0]->cpu_diff()[0], Dtype(10));
  EXPECT_EQ(layer->blobs()[1]->cpu_diff()[0], Dtype(12));
}

TYPED_TEST(ScaleLayerTest, WorksInPlace) {
  auto* x = this->Random({2, 3, 4, 5});
  this->ExpectWorksInPlace(
      "type: 'Scale' scale_param { bias_term: true filler { type: 'gaussian' } }", *x);
}

TYPED_TEST(ScaleLayerTest, Errors) {
  auto* y = this->Empty();
  EXPECT_NE(this->ErrorOfRun("type: 'Scale'", {this->Random({2, 3, 4}), this->Random({4})}, {y})
                .find("operand of 4"),
            string::npos);
  EXPECT_NE(
      this->ErrorOfRun("type: 'Scale' scale_param { num_axes: 3 }", {this->Random({2, 3, 4})}, {y})
          .find("go up to axis 4"),
      string::npos);
}

template <typename TypeParam>
class BiasLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(BiasLayerTest, TestDtypesAndDevices);

TYPED_TEST(BiasLayerTest, AddsTheBroadcastOperand) {
  auto* x = this->Random({2, 3, 4});
  auto* b = this->Random({3});
  auto* y = this->Empty();
  this->Run("type: 'Bias'", {x, b}, {y});
  for (int i = 0; i < x->count(); ++i) {
    EXPECT_NEAR(y->cpu_data()[i], x->cpu_data()[i] + b->cpu_data()[i / 4 % 3], 1e-6);
  }
  const auto learned =
      this->Run("type: 'Bias' bias_param { filler { value: 2 } axis: -1 }", {x}, {y});
  EXPECT_EQ(learned->blobs()[0]->shape(), vector<int>{4});
  for (int i = 0; i < x->count(); ++i) {
    EXPECT_NEAR(y->cpu_data()[i], x->cpu_data()[i] + 2, 1e-6);
  }
}

TYPED_TEST(BiasLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  GradientChecker<Dtype> checker(1e-2, 1e-3);
  auto* x = this->Random({2, 3, 4});
  const auto layer = this->Make("type: 'Bias'");
  checker.CheckGradientExhaustive(layer.get(), {x, this->Random({3, 4})}, {this->Empty()});
  const auto learned = this->Make("type: 'Bias' bias_param { filler { type: 'gaussian' } }");
  checker.CheckGradientExhaustive(learned.get(), {x}, {this->Empty()});
}

TYPED_TEST(BiasLayerTest, WorksInPlace) {
  auto* x = this->Random({2, 3, 4, 5});
  this->ExpectWorksInPlace("type: 'Bias' bias_param { filler { type: 'gaussian' } }", *x);
}

}  // namespace caffe
