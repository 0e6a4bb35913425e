#include "caffe/layers/class_token_layer.hpp"

#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class ClassTokenLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(ClassTokenLayerTest, TestDtypesAndDevices);

TYPED_TEST(ClassTokenLayerTest, PutsTheTokenFirst) {
  auto* bottom = this->Values({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  auto* top = this->Empty();
  auto layer =
      this->Run("type: 'ClassToken' class_token_param { filler { value: 9 } }", {bottom}, {top});
  EXPECT_EQ(top->shape(), (vector<int>{2, 3, 2}));
  this->ExpectValues(*top, {9, 9, 1, 2, 3, 4, 9, 9, 5, 6, 7, 8});
  EXPECT_EQ(layer->blobs()[0]->shape(), (vector<int>{1, 1, 2}));
}

TYPED_TEST(ClassTokenLayerTest, IsZeroWithoutAFiller) {
  typedef typename TypeParam::Dtype Dtype;
  auto layer = this->Run("type: 'ClassToken'", {this->Random({2, 2, 2})}, {this->Empty()});
  EXPECT_EQ(layer->blobs()[0]->asum_data(), Dtype(0));
}

TYPED_TEST(ClassTokenLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  auto layer = this->Make("type: 'ClassToken' class_token_param { filler { type: 'gaussian' } }");
  GradientChecker<Dtype> checker(0.5, 1e-3);
  checker.CheckGradient(layer.get(), {this->Random({3, 2, 4})}, {this->Empty()});
}

TYPED_TEST(ClassTokenLayerTest, NamesMistakes) {
  EXPECT_NE(this->ErrorOfRun("type: 'ClassToken'", {this->Random({2, 3})}, {this->Empty()})
                .find("3 axes"),
            string::npos);
  EXPECT_NE(
      this->ErrorOfRun("type: 'ClassToken' blobs { shape { dim: 3 } data: 1 data: 1 data: 1 }",
                       {this->Random({2, 3, 4})}, {this->Empty()})
          .find("1x1x4"),
      string::npos);
}

}  // namespace caffe
