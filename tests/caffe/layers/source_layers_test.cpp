#include "caffe/layers/dummy_data_layer.hpp"
#include "caffe/layers/input_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

/// Input and DummyData: layers without bottoms.
template <typename TypeParam>
class SourceLayersTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(SourceLayersTest, TestDtypesAndDevices);

TYPED_TEST(SourceLayersTest, InputShapesItsTops) {
  auto* a = this->Empty();
  auto* b = this->Empty();
  this->Run("type: 'Input' input_param { shape { dim: 2 dim: 3 } }", {}, {a, b});
  EXPECT_EQ(a->shape(), (vector<int>{2, 3}));
  EXPECT_EQ(b->shape(), (vector<int>{2, 3}));
  this->Run("type: 'Input' input_param { shape { dim: 4 } shape { dim: 5 } }", {}, {a, b});
  EXPECT_EQ(a->shape(), vector<int>{4});
  EXPECT_EQ(b->shape(), vector<int>{5});
  this->Run("type: 'Input'", {}, {a, b});
  EXPECT_EQ(b->shape(), vector<int>{5});
  EXPECT_NE(this->ErrorOfRun("type: 'Input' input_param { shape { dim: 4 } shape { dim: 5 } }", {},
                             {a, b, this->Empty()})
                .find("found 2 shapes for 3 tops"),
            string::npos);
}

TYPED_TEST(SourceLayersTest, DummyConstantsAreFilledOnceAndOthersEveryTime) {
  auto* a = this->Empty();
  auto* b = this->Empty();
  const auto layer = this->Run(
      "type: 'DummyData' dummy_data_param { shape { dim: 3 } shape { dim: 2 dim: 2 } "
      "data_filler { type: 'constant' value: 7 } data_filler { type: 'gaussian' } }",
      {}, {a, b});
  EXPECT_EQ(b->shape(), (vector<int>{2, 2}));
  this->ExpectValues(*a, {7, 7, 7});
  a->mutable_cpu_data()[1] = 5;
  auto* before = this->Copy(*b);
  layer->Forward({}, {a, b});
  this->ExpectValues(*a, {7, 5, 7});
  for (int i = 0; i < 4; ++i) EXPECT_NE(b->cpu_data()[i], before->cpu_data()[i]);
}

TYPED_TEST(SourceLayersTest, DummyShapesAndFillersMayServeAllTops) {
  auto* a = this->Empty();
  auto* b = this->Empty();
  this->Run("type: 'DummyData' dummy_data_param { num: 2 channels: 1 height: 3 width: 1 width: 2 }",
            {}, {a, b});
  EXPECT_EQ(a->shape(), (vector<int>{2, 1, 3, 1}));
  EXPECT_EQ(b->shape(), (vector<int>{2, 1, 3, 2}));
  this->ExpectValues(*a, vector<double>(6, 0));
  this->Run("type: 'DummyData' dummy_data_param { shape { dim: 2 } data_filler { value: 3 } }", {},
            {a, b});
  this->ExpectValues(*b, {3, 3});
}

TYPED_TEST(SourceLayersTest, DummyErrors) {
  auto* a = this->Empty();
  auto* b = this->Empty();
  const std::pair<const char*, const char*> cases[] = {
      {"shape { dim: 1 } num: 1", "Give shape only"},
      {"shape { dim: 1 } shape { dim: 1 } shape { dim: 1 }", "found 3 shapes for 2 tops"},
      {"num: 1 channels: 1 height: 1", "found 0 values of width"},
      {"shape { dim: 1 } data_filler { } data_filler { } data_filler { }",
       "found 3 data_filler for 2 tops"}};
  for (const auto& [param, message] : cases) {
    EXPECT_NE(
        this->ErrorOfRun(string("type: 'DummyData' dummy_data_param { ") + param + " }", {}, {a, b})
            .find(message),
        string::npos)
        << param;
  }
}

}  // namespace caffe
