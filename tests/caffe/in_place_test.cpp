// Every ordered pair of layers that work in place, after each other on one blob: values and
// gradients are those of the same layers with tops of their own.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "caffe/net.hpp"
#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {
namespace {

const char* const kLayers[] = {
    "type: 'ReLU'",
    "type: 'ReLU' relu_param { negative_slope: 0.3 }",
    "type: 'ReLU6'",
    "type: 'PReLU' prelu_param { filler { value: -0.3 } }",
    "type: 'ELU'",
    "type: 'Sigmoid'",
    "type: 'TanH'",
    "type: 'Exp' exp_param { scale: 0.3 }",
    "type: 'Log' log_param { scale: 0.1 shift: 50 }",
    "type: 'Power' power_param { power: 2 scale: 0.5 shift: 0.2 }",
    "type: 'Power' power_param { scale: -2 }",
    "type: 'AbsVal'",
    "type: 'BNLL'",
    "type: 'Swish'",
    "type: 'SiLU'",
    "type: 'GELU'",
    "type: 'Clip' clip_param { min: -0.5 max: 0.8 }",
    "type: 'Clip' clip_param { min: 0.2 max: 0.8 }",
    "type: 'Dropout'",
    "type: 'SpatialDropout'",
    "type: 'BatchNorm'",
    "type: 'Scale' scale_param { bias_term: true filler { value: -1.5 } bias_filler { value: 0.1 } "
    "}",
    "type: 'Bias' bias_param { filler { value: -0.4 } }",
    "type: 'Softmax'",
};

string LayerOf(const string& name, const string& bottom, const string& top, const string& text) {
  return "layer { name: '" + name + "' bottom: '" + bottom + "' top: '" + top + "' " + text +
         " }\n";
}

/// @param tops  of the convolution and the two layers
string PairText(const string& first, const string& second, const vector<string>& tops) {
  return "force_backward: true "
         "layer { name: 'x' type: 'Input' top: 'x' "
         "        input_param { shape { dim: 3 dim: 2 dim: 4 dim: 4 } } }\n" +
         LayerOf("conv", "x", tops[0],
                 "type: 'Convolution' convolution_param { num_output: 3 kernel_size: 3 pad: 1 "
                 "bias_term: false "
                 "weight_filler { type: 'msra' } }") +
         LayerOf("first", tops[0], tops[1], first) + LayerOf("second", tops[1], tops[2], second) +
         LayerOf("weigh", tops[2], "weighed",
                 "type: 'InnerProduct' inner_product_param { num_output: 4 "
                 "weight_filler { type: 'gaussian' } }") +
         LayerOf("loss", "weighed", "loss",
                 "type: 'Reduction' loss_weight: 1 reduction_param { operation: SUMSQ }");
}

template <typename TypeParam>
class InPlaceTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  static std::unique_ptr<Net<Dtype>> Made(const string& text, Phase phase = TRAIN) {
    NetParameter param;
    Require(google::protobuf::TextFormat::ParseFromString(text, &param), "cannot parse ", text);
    param.mutable_state()->set_phase(phase);
    Caffe::set_random_seed(4);
    return std::make_unique<Net<Dtype>>(param);
  }

  static std::unique_ptr<Net<Dtype>> Ran(const string& text) {
    auto net = Made(text);
    Blob<Dtype>* x = net->input_blobs()[0];
    for (int i = 0; i < x->count(); ++i) {
      x->mutable_cpu_data()[i] = Dtype((i * 37 + 11) % 41) / Dtype(20) - Dtype(1);
    }
    for (int pass = 0; pass < 2; ++pass) {
      net->ClearParamDiffs();
      net->Forward();
      net->Backward();
    }
    return net;
  }

  static void ExpectNear(const Dtype* found, const Dtype* wanted, int count, const string& what) {
    Dtype largest = 0;
    for (int i = 0; i < count; ++i) largest = std::max(largest, std::abs(wanted[i]));
    for (int i = 0; i < count; ++i) {
      ASSERT_NEAR(found[i], wanted[i], Dtype(1e-4) * largest + Dtype(1e-6)) << what << " " << i;
    }
  }

  static void ExpectSame(const string& found_text, const string& wanted_text) {
    const auto found = Ran(found_text), wanted = Ran(wanted_text);
    for (const char* name : {"weighed", "loss"}) {
      ExpectNear(found->blob_by_name(name)->cpu_data(), wanted->blob_by_name(name)->cpu_data(),
                 wanted->blob_by_name(name)->count(), name);
    }
    const Blob<Dtype>& x = *wanted->input_blobs()[0];
    ExpectNear(found->input_blobs()[0]->cpu_diff(), x.cpu_diff(), x.count(), "gradient of x");
    for (size_t i = 0; i < wanted->params().size(); ++i) {
      const Blob<Dtype>& blob = *wanted->params()[i];
      ExpectNear(found->params()[i]->cpu_diff(), blob.cpu_diff(), blob.count(),
                 "gradient of parameter " + std::to_string(i));
    }
  }
};

TYPED_TEST_SUITE(InPlaceTest, TestDtypesAndDevices);

TYPED_TEST(InPlaceTest, EveryPairGivesWhatSeparateTopsGive) {
  // The rule does not depend on the number type: all pairs in double precision, some in single.
  const int step = sizeof(typename TypeParam::Dtype) == 8 ? 1 : 7;
  int number = 0;
  for (const char* first : kLayers) {
    for (const char* second : kLayers) {
      if (number++ % step != 0) continue;
      SCOPED_TRACE(string(first) + ", then " + second);
      const string separate = PairText(first, second, {"a", "b", "c"});
      this->ExpectSame(PairText(first, second, {"a", "b", "b"}), separate);
      this->ExpectSame(PairText(first, second, {"a", "a", "a"}), separate);
      if (this->HasFatalFailure()) return;
    }
  }
}

TYPED_TEST(InPlaceTest, WhatOverwritesThroughAViewCountsToo) {
  const auto text = [](const string& last) {
    return "force_backward: true "
           "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 3 dim: 8 } } }\n" +
           LayerOf("tanh", "x", "a", "type: 'TanH'") +
           LayerOf("flat", "a", "b", "type: 'Reshape' reshape_param { shape { dim: -1 dim: 4 } }") +
           LayerOf("drop", "b", last, "type: 'Dropout'") +
           LayerOf("weigh", last, "weighed", "type: 'Power' power_param { power: 3 }") +
           LayerOf("loss", "weighed", "loss",
                   "type: 'Reduction' loss_weight: 1 reduction_param { operation: SUMSQ }");
  };
  this->ExpectSame(text("b"), text("c"));
}

TYPED_TEST(InPlaceTest, UsualRunsCostNothing) {
  const auto net = this->Made(
      "layer { name: 'x' type: 'Input' top: 'x' "
      "        input_param { shape { dim: 3 dim: 2 dim: 4 dim: 4 } } }\n" +
      LayerOf("conv", "x", "a",
              "type: 'Convolution' convolution_param { num_output: 3 kernel_size: 3 }") +
      LayerOf("bn", "a", "a", "type: 'BatchNorm'") + LayerOf("sc", "a", "a", "type: 'Scale'") +
      LayerOf("re", "a", "a", "type: 'ReLU'") + LayerOf("dr", "a", "a", "type: 'Dropout'"));
  EXPECT_EQ(net->blob_names(), (vector<string>{"x", "a"}));
}

TYPED_TEST(InPlaceTest, TheNameStaysWithTheLastValues) {
  const string text = PairText("type: 'TanH'", "type: 'Dropout'", {"a", "b", "b"});
  EXPECT_TRUE(this->Made(text)->has_blob("b_before_second"));
  const auto net = this->Made(text);
  EXPECT_EQ(net->blob_by_name("b").get(), net->top_vecs()[3][0]);
}

TYPED_TEST(InPlaceTest, LayersThatCannotWorkInPlaceAreRefused) {
  const char* const kNot[] = {
      "type: 'Pooling' pooling_param { kernel_size: 2 stride: 2 }",
      "type: 'Convolution' convolution_param { num_output: 3 kernel_size: 1 }",
      "type: 'InnerProduct' inner_product_param { num_output: 3 }",
      "type: 'Tile' tile_param { tiles: 2 }",
      "type: 'Reduction'",
      "type: 'ArgMax'",
      "type: 'Flatten'",
      "type: 'LRN'",
      "type: 'Eltwise' eltwise_param { operation: PROD } bottom: 'x'",
  };
  for (const char* text : kNot) {
    SCOPED_TRACE(text);
    const string error = ErrorOf([&] {
      this->Made(
          "layer { name: 'x' type: 'Input' top: 'x' "
          "input_param { shape { dim: 3 dim: 3 dim: 4 dim: 4 } } }\n" +
          LayerOf("culprit", "x", "x", text));
    });
    EXPECT_NE(error.find("culprit ("), string::npos) << error;
    EXPECT_NE(error.find("in place"), string::npos) << error;
  }
}

}  // namespace
}  // namespace caffe
