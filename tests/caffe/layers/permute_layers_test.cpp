// Permute, ShuffleChannel, Axpy and PReLU against slow loops.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class PermuteLayersTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  void CheckGradient(const string& text, const vector<Blob<Dtype>*>& bottom) {
    const auto layer = this->Make(text);
    GradientChecker<Dtype> checker(1e-2, 1e-2);
    checker.CheckGradientExhaustive(layer.get(), bottom, {this->Empty()});
  }
};

TYPED_TEST_SUITE(PermuteLayersTest, TestDtypesAndDevices);

TYPED_TEST(PermuteLayersTest, PermuteMovesEveryElement) {
  const vector<int> shape = {2, 3, 4, 5};
  const vector<vector<int>> orders = {{0, 2, 3, 1}, {3, 2, 1, 0}, {0, 1, 2, 3},
                                      {1, 0, 2, 3}, {0, 3, 1, 2}, {2, 3, 0, 1}};
  for (const vector<int>& order : orders) {
    string text = "type: 'Permute' permute_param {";
    for (const int axis : order) text += " order: " + std::to_string(axis);
    SCOPED_TRACE(text);
    auto* bottom = this->Random(shape);
    auto* top = this->Empty();
    this->Run(text + " }", {bottom}, {top});
    vector<int> at(4);
    for (at[0] = 0; at[0] < shape[0]; ++at[0]) {
      for (at[1] = 0; at[1] < shape[1]; ++at[1]) {
        for (at[2] = 0; at[2] < shape[2]; ++at[2]) {
          for (at[3] = 0; at[3] < shape[3]; ++at[3]) {
            const vector<int> moved = {at[order[0]], at[order[1]], at[order[2]], at[order[3]]};
            ASSERT_EQ(top->data_at(moved), bottom->data_at(at));
          }
        }
      }
    }
  }
}

TYPED_TEST(PermuteLayersTest, PermuteAppendsAxesThatAreNotNamed) {
  auto* bottom = this->Random({2, 3, 4, 5});
  auto* top = this->Empty();
  this->Run("type: 'Permute' permute_param { order: 2 order: 0 }", {bottom}, {top});
  EXPECT_EQ(top->shape(), vector<int>({4, 2, 3, 5}));
  this->CheckGradient("type: 'Permute' permute_param { order: 1 order: 2 }",
                      {this->Random({2, 3, 2})});
}

TYPED_TEST(PermuteLayersTest, PermuteRefusesWrongOrders) {
  auto* bottom = this->Random({2, 3});
  auto* top = this->Empty();
  const auto error = [&](const string& order) {
    return this->ErrorOfRun("type: 'Permute' permute_param { " + order + " }", {bottom}, {top});
  };
  EXPECT_NE(error("order: 2").find("names axis 2"), string::npos);
  EXPECT_NE(error("order: 1 order: 1").find("twice"), string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'Permute'", {bottom}, {bottom}).find("in place"), string::npos);
}

TYPED_TEST(PermuteLayersTest, ShuffleChannelTransposesGroups) {
  auto* bottom = this->Random({2, 6, 2, 3});
  auto* top = this->Empty();
  const string text = "type: 'ShuffleChannel' shuffle_channel_param { group: 2 }";
  this->Run(text, {bottom}, {top});
  const int from[6] = {0, 3, 1, 4, 2, 5};
  for (int n = 0; n < 2; ++n) {
    for (int c = 0; c < 6; ++c) {
      for (int k = 0; k < 6; ++k) {
        EXPECT_EQ(top->cpu_data()[(n * 6 + c) * 6 + k],
                  bottom->cpu_data()[(n * 6 + from[c]) * 6 + k]);
      }
    }
  }
  this->CheckGradient(text, {this->Random({2, 4, 3})});
  EXPECT_NE(
      this->ErrorOfRun("type: 'ShuffleChannel' shuffle_channel_param { group: 4 }", {bottom}, {top})
          .find("does not divide the 6 channels"),
      string::npos);
}

TYPED_TEST(PermuteLayersTest, AxpyScalesAndAdds) {
  auto* a = this->Random({2, 3, 1, 1});
  auto* x = this->Random({2, 3, 2, 2});
  auto* y = this->Random({2, 3, 2, 2});
  auto* top = this->Empty();
  this->Run("type: 'Axpy'", {a, x, y}, {top});
  for (int i = 0; i < x->count(); ++i) {
    EXPECT_NEAR(top->cpu_data()[i], a->cpu_data()[i / 4] * x->cpu_data()[i] + y->cpu_data()[i],
                1e-6);
  }
  this->CheckGradient("type: 'Axpy'", {this->Random({2, 3}), x, y});
  EXPECT_NE(this->ErrorOfRun("type: 'Axpy'", {x, x, y}, {top}).find("bottom 0 is 2x3x2x2"),
            string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'Axpy'", {a, x, a}, {top}).find("one shape"), string::npos);
}

TYPED_TEST(PermuteLayersTest, PReLUHasASlopeForEachChannel) {
  for (const bool shared : {false, true}) {
    const string text = string("type: 'PReLU' prelu_param { channel_shared: ") +
                        (shared ? "true" : "false") +
                        " filler { type: 'uniform' min: 0.1 max: 0.9 } }";
    auto* bottom = this->Random({2, 3, 4, 5});
    auto* top = this->Empty();
    const auto layer = this->Run(text, {bottom}, {top});
    EXPECT_EQ(layer->blobs()[0]->shape(), shared ? vector<int>() : vector<int>{3});
    for (int i = 0; i < top->count(); ++i) {
      const double x = bottom->cpu_data()[i];
      const double slope = layer->blobs()[0]->cpu_data()[shared ? 0 : i / 20 % 3];
      EXPECT_NEAR(top->cpu_data()[i], x > 0 ? x : slope * x, 1e-6);
    }
    this->ExpectWorksInPlace(text, *bottom);
    const auto fresh = this->Make(text);
    GradientChecker<typename TypeParam::Dtype> checker(1e-2, 1e-3, 1701, 0., 0.02);
    checker.CheckGradientExhaustive(fresh.get(), {this->Random({2, 3, 2, 2})}, {this->Empty()});
  }
  auto* vector_bottom = this->Random({3});
  auto* top = this->Empty();
  EXPECT_NE(this->ErrorOfRun("type: 'PReLU'", {vector_bottom}, {top}).find("at least 2"),
            string::npos);
}

TYPED_TEST(PermuteLayersTest, PReLUStartsWithAQuarter) {
  auto* bottom = this->Values({1, 2}, {-4, 4});
  auto* top = this->Empty();
  this->Run("type: 'PReLU'", {bottom}, {top});
  this->ExpectValues(*top, {-1, 4});
}

}  // namespace
}  // namespace caffe
