#include "caffe/layers/eltwise_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class EltwiseLayerTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;
  vector<Blob<Dtype>*> Bottoms(int n) {
    vector<Blob<Dtype>*> bottoms;
    for (int i = 0; i < n; ++i) bottoms.push_back(this->Random({2, 3, 4}));
    return bottoms;
  }
};
TYPED_TEST_SUITE(EltwiseLayerTest, TestDtypesAndDevices);

TYPED_TEST(EltwiseLayerTest, Sum) {
  for (const int n : {2, 3, 4}) {
    const auto x = this->Bottoms(n);
    auto* y = this->Empty();
    this->Run("type: 'Eltwise'", x, {y});
    for (int i = 0; i < y->count(); ++i) {
      double wanted = 0;
      for (const auto* blob : x) wanted += blob->cpu_data()[i];
      EXPECT_NEAR(y->cpu_data()[i], wanted, 1e-5);
    }
  }
}

TYPED_TEST(EltwiseLayerTest, SumWithCoefficients) {
  const auto x = this->Bottoms(3);
  auto* y = this->Empty();
  this->Run("type: 'Eltwise' eltwise_param { coeff: 1 coeff: -0.5 coeff: 2 }", x, {y});
  for (int i = 0; i < y->count(); ++i) {
    EXPECT_NEAR(y->cpu_data()[i],
                x[0]->cpu_data()[i] - 0.5 * x[1]->cpu_data()[i] + 2 * x[2]->cpu_data()[i], 1e-5);
  }
}

TYPED_TEST(EltwiseLayerTest, ProductAndLargest) {
  const auto x = this->Bottoms(3);
  auto* y = this->Empty();
  this->Run("type: 'Eltwise' eltwise_param { operation: PROD }", x, {y});
  auto* z = this->Empty();
  this->Run("type: 'Eltwise' eltwise_param { operation: MAX }", x, {z});
  for (int i = 0; i < y->count(); ++i) {
    const auto a = x[0]->cpu_data()[i], b = x[1]->cpu_data()[i], c = x[2]->cpu_data()[i];
    EXPECT_NEAR(y->cpu_data()[i], a * b * c, 1e-5);
    EXPECT_EQ(z->cpu_data()[i], std::max(a, std::max(b, c)));
  }
}

TYPED_TEST(EltwiseLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* param : {"", "coeff: 1 coeff: -0.5 coeff: 2", "operation: PROD",
                            "operation: PROD stable_prod_grad: false"}) {
    const auto layer = this->Make(string("type: 'Eltwise' eltwise_param { ") + param + " }");
    GradientChecker<Dtype> checker(1e-2, 2e-3);
    checker.CheckGradientEltwise(layer.get(), this->Bottoms(3), {this->Empty()});
  }
}

TYPED_TEST(EltwiseLayerTest, GradientOfLargestAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  const auto x = this->Bottoms(3);
  for (int i = 0; i < x[0]->count(); ++i) {
    // Far from each other, so that small differences do not change the winner.
    for (int j = 0; j < 3; ++j) x[j]->mutable_cpu_data()[i] = Dtype((i + j * (1 + i % 2)) % 3);
  }
  const auto layer = this->Make("type: 'Eltwise' eltwise_param { operation: MAX }");
  GradientChecker<Dtype> checker(1e-2, 1e-3);
  checker.CheckGradientEltwise(layer.get(), x, {this->Empty()});
}

TYPED_TEST(EltwiseLayerTest, TiesOfTheLargestGoToOneBottom) {
  typedef typename TypeParam::Dtype Dtype;
  vector<Blob<Dtype>*> x;
  for (int i = 0; i < 3; ++i) x.push_back(this->Values({1}, {4}));
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'Eltwise' eltwise_param { operation: MAX }", x, {y});
  y->mutable_cpu_diff()[0] = 3;
  layer->Backward({y}, {true, true, true}, x);
  const int winner = TypeParam::device == Caffe::CPU ? 1 : 2;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(x[i]->cpu_diff()[0], Dtype(i == winner ? 3 : 0));
}

TYPED_TEST(EltwiseLayerTest, Errors) {
  auto* y = this->Empty();
  EXPECT_NE(this->ErrorOfRun("type: 'Eltwise' eltwise_param { coeff: 1 }", this->Bottoms(2), {y})
                .find("1 coeff for 2 bottoms"),
            string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'Eltwise' eltwise_param { operation: PROD coeff: 1 coeff: 1 }",
                             this->Bottoms(2), {y})
                .find("PROD takes no coeff"),
            string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'Eltwise'", {this->Random({2, 3}), this->Random({3, 2})}, {y})
                .find("bottom 1 is 3x2, but bottom 0 is 2x3"),
            string::npos);
}

}  // namespace caffe
