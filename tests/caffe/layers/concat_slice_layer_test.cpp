#include "caffe/layers/concat_layer.hpp"
#include "caffe/layers/slice_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class ConcatLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(ConcatLayerTest, TestDtypesAndDevices);

TYPED_TEST(ConcatLayerTest, JoinsAlongTheAxis) {
  auto* a = this->Values({2, 1, 2}, {1, 2, 3, 4});
  auto* b = this->Values({2, 2, 2}, {5, 6, 7, 8, 9, 10, 11, 12});
  auto* y = this->Empty();
  this->Run("type: 'Concat'", {a, b}, {y});
  EXPECT_EQ(y->shape(), (vector<int>{2, 3, 2}));
  this->ExpectValues(*y, {1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12});

  auto* c = this->Values({1, 2}, {1, 2});
  auto* d = this->Values({2, 2}, {3, 4, 5, 6});
  for (const char* axis : {"axis: 0", "axis: -2", "concat_dim: 0"}) {
    this->Run(string("type: 'Concat' concat_param { ") + axis + " }", {c, d}, {y});
    EXPECT_EQ(y->shape(), (vector<int>{3, 2}));
    this->ExpectValues(*y, {1, 2, 3, 4, 5, 6});
  }
}

TYPED_TEST(ConcatLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const int axis : {0, 1, 2}) {
    vector<int> shape{2, 3, 2};
    auto* a = this->Random(shape);
    shape[axis] = 4;
    const auto layer =
        this->Make("type: 'Concat' concat_param { axis: " + std::to_string(axis) + " }");
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradient(layer.get(), {a, this->Random(shape)}, {this->Empty()});
  }
}

TYPED_TEST(ConcatLayerTest, LeavesOutGradientsThatNobodyWants) {
  typedef typename TypeParam::Dtype Dtype;
  auto* a = this->Random({2, 1});
  auto* b = this->Random({2, 2});
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'Concat'", {a, b}, {y});
  this->FillDiff(y);
  caffe_set(2, Dtype(77), a->mutable_cpu_diff());
  layer->Backward({y}, {false, true}, {a, b});
  EXPECT_EQ(a->cpu_diff()[1], Dtype(77));
  EXPECT_EQ(b->cpu_diff()[2], y->cpu_diff()[4]);
}

TYPED_TEST(ConcatLayerTest, OneBottomSharesMemory) {
  auto* a = this->Random({2, 3});
  auto* y = this->Empty();
  this->Run("type: 'Concat'", {a}, {y});
  EXPECT_EQ(y->cpu_data(), a->cpu_data());
  EXPECT_EQ(y->cpu_diff(), a->cpu_diff());
}

TYPED_TEST(ConcatLayerTest, Errors) {
  auto* y = this->Empty();
  EXPECT_NE(this->ErrorOfRun("type: 'Concat' concat_param { axis: 1 concat_dim: 1 }",
                             {this->Random({2, 3})}, {y})
                .find("both axis and concat_dim"),
            string::npos);
  for (const vector<int>& shape : {vector<int>{3, 3}, vector<int>{2, 3, 1}}) {
    EXPECT_NE(this->ErrorOfRun("type: 'Concat'", {this->Random({2, 3}), this->Random(shape)}, {y})
                  .find("bottom 1 is " + ShapeText(shape)),
              string::npos);
  }
}

template <typename TypeParam>
class SliceLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(SliceLayerTest, TestDtypesAndDevices);

TYPED_TEST(SliceLayerTest, CutsEqualPartsAndAtPoints) {
  auto* x = this->Values({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  auto* a = this->Empty();
  auto* b = this->Empty();
  this->Run("type: 'Slice'", {x}, {a, b});
  this->ExpectValues(*a, {1, 2, 5, 6});
  this->ExpectValues(*b, {3, 4, 7, 8});
  this->Run("type: 'Slice' slice_param { slice_point: 1 axis: -1 }", {x}, {a, b});
  EXPECT_EQ(b->shape(), (vector<int>{2, 3}));
  this->ExpectValues(*a, {1, 5});
  this->ExpectValues(*b, {2, 3, 4, 6, 7, 8});
  this->Run("type: 'Slice' slice_param { slice_dim: 0 }", {x}, {a, b});
  this->ExpectValues(*b, {5, 6, 7, 8});
}

TYPED_TEST(SliceLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  const auto layer = this->Make("type: 'Slice' slice_param { slice_point: 1 slice_point: 3 }");
  GradientChecker<Dtype> checker(1e-2, 1e-3);
  checker.CheckGradient(layer.get(), {this->Random({2, 4, 3})},
                        {this->Empty(), this->Empty(), this->Empty()});
}

TYPED_TEST(SliceLayerTest, OneTopSharesMemory) {
  auto* x = this->Random({2, 3});
  auto* y = this->Empty();
  this->Run("type: 'Slice'", {x}, {y});
  EXPECT_EQ(y->cpu_data(), x->cpu_data());
  EXPECT_EQ(y->cpu_diff(), x->cpu_diff());
}

TYPED_TEST(SliceLayerTest, Errors) {
  auto* x = this->Random({2, 5});
  auto* a = this->Empty();
  auto* b = this->Empty();
  EXPECT_NE(this->ErrorOfRun("type: 'Slice'", {x}, {a, b}).find("cannot share equally"),
            string::npos);
  EXPECT_NE(
      this->ErrorOfRun("type: 'Slice' slice_param { slice_point: 1 slice_point: 2 }", {x}, {a, b})
          .find("found 2 slice_point for 2 tops"),
      string::npos);
  for (const char* point : {"0", "5", "9"}) {
    EXPECT_NE(this->ErrorOfRun(string("type: 'Slice' slice_param { slice_point: ") + point + " }",
                               {x}, {a, b})
                  .find("slice_point has to increase"),
              string::npos)
        << point;
  }
  EXPECT_NE(this->ErrorOfRun("type: 'Slice' slice_param { axis: 1 slice_dim: 1 }", {x}, {a})
                .find("both axis and slice_dim"),
            string::npos);
}

}  // namespace caffe
