#ifndef TESTS_CAFFE_PLAN_PLAN_NETS_HPP_
#define TESTS_CAFFE_PLAN_PLAN_NETS_HPP_

// Small nets as text, and the comparison of two nets that ran differently.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/net.hpp"

namespace caffe {

inline string LayerText(const string& name, const string& type, const std::vector<string>& bottoms,
                        const string& top, const string& param) {
  string text = "layer { name: '" + name + "' type: '" + type + "' top: '" + top + "' ";
  for (const string& bottom : bottoms) text += "bottom: '" + bottom + "' ";
  return text + param + "}\n";
}

inline string Conv(const string& name, const string& bottom, int outputs, int stride = 1) {
  return LayerText(name, "Convolution", {bottom}, name,
                   "convolution_param { num_output: " + std::to_string(outputs) +
                       " kernel_size: 3 pad: 1 stride: " + std::to_string(stride) +
                       " bias_term: false weight_filler { type: 'msra' } }");
}

/// A convolution with one filter a channel.
inline string Depthwise(const string& name, const string& bottom, int channels, int kernel = 3) {
  const string k = std::to_string(kernel), c = std::to_string(channels);
  return LayerText(name, "Convolution", {bottom}, name,
                   "convolution_param { num_output: " + c + " group: " + c + " kernel_size: " + k +
                       " pad: " + std::to_string(kernel / 2) +
                       " bias_filler { value: 0.1 } weight_filler { type: 'msra' } }");
}

/// Batch normalisation and scale in place. A large scale takes values past an activation's bounds.
inline string Norm(const string& name, const string& blob, int scale = 1) {
  const string s = std::to_string(scale);
  return LayerText(name, "BatchNorm", {blob}, blob, "") +
         LayerText(name + "_scale", "Scale", {blob}, blob,
                   "scale_param { bias_term: true filler { type: 'uniform' min: 0.5 max: " + s +
                       ".5 } bias_filler { type: 'uniform' min: -0.3 max: 0.3 } }");
}

inline string Relu(const string& blob) {
  return LayerText("relu_" + blob, "ReLU", {blob}, blob, "");
}

inline string Sum(const string& name, const string& a, const string& b) {
  return LayerText(name, "Eltwise", {a, b}, name, "");
}

inline string Images() {
  return LayerText("data", "Input", {}, "data",
                   "input_param { shape { dim: 3 dim: 3 dim: 9 dim: 7 } }");
}

/// Pooling, an inner product, and a loss.
inline string Classifier(const string& bottom) {
  return LayerText("pool", "Pooling", {bottom}, "pool",
                   "pooling_param { pool: AVE global_pooling: true }") +
         LayerText("fc", "InnerProduct", {"pool"}, "fc",
                   "inner_product_param { num_output: 4 weight_filler { type: 'xavier' } }") +
         LayerText("target", "DummyData", {}, "target",
                   "dummy_data_param { shape { dim: 3 } data_filler { value: 2 } }") +
         LayerText("loss", "SoftmaxWithLoss", {"fc", "target"}, "loss", "");
}

/// Two residual blocks, one with a projection, and pooling.
inline string ResidualNet(int channels) {
  const int twice = 2 * channels;
  return Images() + Conv("stem", "data", channels) + Norm("bn0", "stem") + Relu("stem") +
         Conv("a1", "stem", channels) + Norm("bn_a1", "a1") + Relu("a1") +
         Conv("a2", "a1", channels) + Norm("bn_a2", "a2") + Sum("a", "a2", "stem") + Relu("a") +
         Conv("b_shortcut", "a", twice, 2) + Norm("bn_bs", "b_shortcut") +
         Conv("b1", "a", twice, 2) + Norm("bn_b1", "b1") + Relu("b1") + Conv("b2", "b1", twice) +
         Norm("bn_b2", "b2") + Sum("b", "b_shortcut", "b2") + Relu("b") + Classifier("b");
}

/// An activation layer: its type and its parameters.
struct ActivationLayer {
  string type, param;
};
inline const std::vector<ActivationLayer>& ActivationLayers() {
  static const std::vector<ActivationLayer> layers = {
      {"ReLU", ""},
      {"ReLU6", ""},
      {"Clip", "clip_param { min: -0.5 max: 1.5 }"},
      {"Clip", "clip_param { min: 0.25 max: 1 }"},  // makes something of nothing
      {"Swish", "swish_param { beta: 1.5 }"},
      {"SiLU", ""}};
  return layers;
}

/// A block as in MobileNetV2, with any activation, after the sum one as in a ResNet.
inline string InvertedResidualNet(const ActivationLayer& activation, int channels, int kernel) {
  const auto act = [&](const string& blob) {
    return LayerText("act_" + blob, activation.type, {blob}, blob, activation.param);
  };
  const int wide = 2 * channels;
  return Images() + Conv("stem", "data", channels) + Norm("bn0", "stem", 6) + act("stem") +
         Conv("expand", "stem", wide) + Norm("bn_e", "expand", 6) + act("expand") +
         Depthwise("depthwise", "expand", wide, kernel) + Norm("bn_d", "depthwise", 6) +
         act("depthwise") + Conv("project", "depthwise", channels) + Norm("bn_p", "project") +
         Sum("sum", "stem", "project") + act("sum") + Classifier("sum");
}

/// Layers that leave their bottoms as they are, and leave out what may be left out.
inline string SeparateTopsNet() {
  return Images() + Conv("first", "data", 16) +
         LayerText("bn0", "BatchNorm", {"first"}, "first_bn", "") + Relu("first_bn") +
         Conv("second", "first_bn", 16) +
         LayerText("bn1", "BatchNorm", {"second"}, "second_bn", "") +
         LayerText("sc1", "Scale", {"second_bn"}, "second_bn",
                   "scale_param { filler { value: 2 } }") +
         Sum("sum", "second_bn", "first_bn") + Conv("third", "sum", 16) +
         LayerText("bn2", "BatchNorm", {"third"}, "third_bn", "") + Classifier("third_bn");
}

inline std::unique_ptr<Net<float>> Make(const string& text, const PlanOptions& options,
                                        Phase phase = TRAIN) {
  NetParameter param;
  Require(google::protobuf::TextFormat::ParseFromString(text, &param), "cannot parse ", text);
  param.mutable_state()->set_phase(phase);
  param.set_force_backward(true);
  Caffe::set_random_seed(5);
  auto net = std::make_unique<Net<float>>(param);
  net->MakePlan(options);
  FillerParameter gaussian;
  GaussianFiller<float>(gaussian).Fill(net->input_blobs()[0]);
  return net;
}

/// @param magnitude  of the values that these were computed from, if that is larger than theirs
inline void ExpectClose(const float* wanted, const float* found, int count, const string& what,
                        float magnitude = 1e-3f) {
  float largest = magnitude;
  for (int i = 0; i < count; ++i) largest = std::max(largest, std::abs(wanted[i]));
  for (int i = 0; i < count; ++i) {
    ASSERT_NEAR(found[i], wanted[i], 2e-5 * largest) << what << " at " << i;
  }
}

/// The values of all blobs.
inline void ExpectSameValues(const Net<float>& wanted, const Net<float>& found,
                             float magnitude = 1e-3f) {
  for (size_t i = 0; i < wanted.blobs().size(); ++i) {
    ExpectClose(wanted.blobs()[i]->cpu_data(), found.blobs()[i]->cpu_data(),
                wanted.blobs()[i]->count(), "data of " + wanted.blob_names()[i], magnitude);
  }
}

/// Everything that a user can read: blobs, statistics, and gradients of parameters and input.
inline void ExpectSame(const Net<float>& wanted, const Net<float>& found) {
  ExpectSameValues(wanted, found);
  for (size_t i = 0; i < wanted.params().size(); ++i) {
    const Blob<float>& blob = *wanted.params()[i];
    const string name = wanted.layer_names()[wanted.param_layer_indices()[i].first];
    ExpectClose(blob.cpu_data(), found.params()[i]->cpu_data(), blob.count(), "values of " + name);
    ExpectClose(blob.cpu_diff(), found.params()[i]->cpu_diff(), blob.count(),
                "gradient of " + name);
  }
  ExpectClose(wanted.input_blobs()[0]->cpu_diff(), found.input_blobs()[0]->cpu_diff(),
              wanted.input_blobs()[0]->count(), "gradient of the input");
}

/// The steps of a net that are not part of another one.
inline std::vector<const PlanStep*> OuterSteps(const Net<float>& net) {
  std::vector<const PlanStep*> outer;
  for (const auto& step : net.plan().steps()) {
    if (outer.empty() || step->last() > outer.back()->last()) outer.push_back(step.get());
  }
  return outer;
}

/// These as "first layer to last layer".
inline std::vector<string> Runs(const Net<float>& net) {
  std::vector<string> runs;
  for (const PlanStep* step : OuterSteps(net)) {
    runs.push_back(net.layer_names()[step->first()] + " to " + net.layer_names()[step->last()]);
  }
  return runs;
}

inline void Pass(Net<float>* net) {
  net->ClearParamDiffs();
  net->ForwardBackward();
}

}  // namespace caffe

#endif  // TESTS_CAFFE_PLAN_PLAN_NETS_HPP_
