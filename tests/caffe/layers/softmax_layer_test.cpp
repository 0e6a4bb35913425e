#include "caffe/layers/softmax_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class SoftmaxLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(SoftmaxLayerTest, TestDtypesAndDevices);

TYPED_TEST(SoftmaxLayerTest, NormalisesExponentialsAlongTheAxis) {
  for (const int axis : {0, 1, 2, -1}) {
    auto* x = this->Random({3, 10, 4});
    auto* y = this->Empty();
    this->Run("type: 'Softmax' softmax_param { axis: " + std::to_string(axis) + " }", {x}, {y});
    const int a = x->CanonicalAxisIndex(axis);
    const int inner = x->count(a + 1), classes = x->shape(a);
    for (int o = 0; o < x->count(0, a); ++o) {
      for (int s = 0; s < inner; ++s) {
        double sum = 0;
        const auto at = [&](int c) { return (o * classes + c) * inner + s; };
        for (int c = 0; c < classes; ++c) sum += std::exp(double(x->cpu_data()[at(c)]));
        for (int c = 0; c < classes; ++c) {
          EXPECT_NEAR(y->cpu_data()[at(c)], std::exp(double(x->cpu_data()[at(c)])) / sum, 1e-6);
        }
      }
    }
  }
}

TYPED_TEST(SoftmaxLayerTest, LargeScoresDoNotOverflow) {
  auto* y = this->Empty();
  this->Run("type: 'Softmax'", {this->Values({2, 2}, {10000, 10000, -10000, 10000})}, {y});
  this->ExpectValues(*y, {0.5, 0.5, 0, 1});
}

TYPED_TEST(SoftmaxLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* axis : {"1", "2"}) {
    const auto layer = this->Make(string("type: 'Softmax' softmax_param { axis: ") + axis + " }");
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradientExhaustive(layer.get(), {this->Random({2, 4, 3})}, {this->Empty()});
  }
}

TYPED_TEST(SoftmaxLayerTest, WorksInPlace) {
  auto* x = this->Random({2, 5, 3});
  this->ExpectWorksInPlace("type: 'Softmax'", *x);
}

}  // namespace caffe
