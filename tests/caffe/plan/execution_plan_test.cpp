// A net that runs by its plan against the same net layer by layer.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/native/dnnl_memory.hpp"
#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"

namespace caffe {
namespace {

string Layer(const string& name, const string& type, const std::vector<string>& bottoms,
             const string& top, const string& param) {
  string text = "layer { name: '" + name + "' type: '" + type + "' top: '" + top + "' ";
  for (const string& bottom : bottoms) text += "bottom: '" + bottom + "' ";
  return text + param + "}\n";
}

string Conv(const string& name, const string& bottom, int outputs, int stride = 1) {
  return Layer(name, "Convolution", {bottom}, name,
               "convolution_param { num_output: " + std::to_string(outputs) +
                   " kernel_size: 3 pad: 1 stride: " + std::to_string(stride) +
                   " bias_term: false weight_filler { type: 'msra' } }");
}

/// Batch normalisation and scale in place.
string Norm(const string& name, const string& blob) {
  return Layer(name, "BatchNorm", {blob}, blob, "") +
         Layer(name + "_scale", "Scale", {blob}, blob,
               "scale_param { bias_term: true filler { type: 'uniform' min: 0.5 max: 1.5 } "
               "bias_filler { type: 'uniform' min: -0.3 max: 0.3 } }");
}

string Relu(const string& blob) { return Layer("relu_" + blob, "ReLU", {blob}, blob, ""); }

string Sum(const string& name, const string& a, const string& b) {
  return Layer(name, "Eltwise", {a, b}, name, "");
}

/// Two residual blocks, one with a projection, and pooling.
string ResidualNet(int channels) {
  const int twice = 2 * channels;
  return Layer("data", "Input", {}, "data",
               "input_param { shape { dim: 3 dim: 3 dim: 9 dim: 7 } }") +
         Conv("stem", "data", channels) + Norm("bn0", "stem") + Relu("stem") +
         Conv("a1", "stem", channels) + Norm("bn_a1", "a1") + Relu("a1") +
         Conv("a2", "a1", channels) + Norm("bn_a2", "a2") + Sum("a", "a2", "stem") + Relu("a") +
         Conv("b_shortcut", "a", twice, 2) + Norm("bn_bs", "b_shortcut") +
         Conv("b1", "a", twice, 2) + Norm("bn_b1", "b1") + Relu("b1") + Conv("b2", "b1", twice) +
         Norm("bn_b2", "b2") + Sum("b", "b_shortcut", "b2") + Relu("b") +
         Layer("pool", "Pooling", {"b"}, "pool",
               "pooling_param { pool: AVE global_pooling: true }") +
         Layer("fc", "InnerProduct", {"pool"}, "fc",
               "inner_product_param { num_output: 4 weight_filler { type: 'xavier' } }") +
         Layer("target", "DummyData", {}, "target",
               "dummy_data_param { shape { dim: 3 } data_filler { value: 2 } }") +
         Layer("loss", "SoftmaxWithLoss", {"fc", "target"}, "loss", "");
}

std::unique_ptr<Net<float>> Make(const string& text, bool fusion, Phase phase = TRAIN) {
  NetParameter param;
  Require(google::protobuf::TextFormat::ParseFromString(text, &param), "cannot parse ", text);
  param.mutable_state()->set_phase(phase);
  param.set_force_backward(true);
  Caffe::set_random_seed(5);
  auto net = std::make_unique<Net<float>>(param);
  net->MakePlan({.fusion = fusion});
  FillerParameter gaussian;
  GaussianFiller<float>(gaussian).Fill(net->input_blobs()[0]);
  return net;
}

void ExpectClose(const float* wanted, const float* found, int count, const string& what) {
  float largest = 1e-3f;
  for (int i = 0; i < count; ++i) largest = std::max(largest, std::abs(wanted[i]));
  for (int i = 0; i < count; ++i) {
    ASSERT_NEAR(found[i], wanted[i], 2e-5 * largest) << what << " at " << i;
  }
}

/// Everything that a user can read: blobs, statistics, and gradients of parameters and input.
void ExpectSame(const Net<float>& wanted, const Net<float>& found) {
  for (size_t i = 0; i < wanted.blobs().size(); ++i) {
    ExpectClose(wanted.blobs()[i]->cpu_data(), found.blobs()[i]->cpu_data(),
                wanted.blobs()[i]->count(), "data of " + wanted.blob_names()[i]);
  }
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

void Pass(Net<float>* net) {
  net->ClearParamDiffs();
  net->ForwardBackward();
}

class ExecutionPlanTest : public CPUDeviceTest<float> {};

TEST_F(ExecutionPlanTest, FindsTheRunsOfAResidualNet) {
  const auto net = Make(ResidualNet(16), true);
  std::vector<string> runs;
  for (const auto& step : net->plan().steps()) {
    runs.push_back(net->layer_names()[step->first()] + " to " + net->layer_names()[step->last()]);
  }
  const std::vector<string> wanted = {
      "bn0 to stem_relu_stem_0_split", "bn_a1 to relu_a1", "bn_a2 to a_relu_a_0_split",
      "bn_bs to bn_bs_scale",          "bn_b1 to relu_b1", "bn_b2 to relu_b"};
  EXPECT_EQ(runs, wanted);
  EXPECT_TRUE(Make(ResidualNet(16), false)->plan().steps().empty());
}

TEST_F(ExecutionPlanTest, GivesWhatLayersGiveOneByOne) {
  for (const int channels : {16, 24, 5}) {
    SCOPED_TRACE(channels);
    const auto plain = Make(ResidualNet(channels), false);
    const auto fused = Make(ResidualNet(channels), true);
    for (int pass = 0; pass < 2; ++pass) {
      Pass(plain.get());
      Pass(fused.get());
      ExpectSame(*plain, *fused);
    }
    for (const auto& step : fused->plan().steps()) EXPECT_TRUE(step->ran());
  }
}

TEST_F(ExecutionPlanTest, TestPhaseGivesTheSame) {
  const auto plain = Make(ResidualNet(16), false);
  Pass(plain.get());
  NetParameter trained;
  plain->ToProto(&trained);
  std::vector<std::unique_ptr<Net<float>>> nets;
  for (const bool fusion : {false, true}) {
    nets.push_back(Make(ResidualNet(16), fusion, TEST));
    nets.back()->CopyTrainedLayersFrom(trained);
    Pass(nets.back().get());
  }
  ExpectSame(*nets[0], *nets[1]);
}

TEST_F(ExecutionPlanTest, PartsOfARunAreRunLayerByLayer) {
  const auto plain = Make(ResidualNet(16), false);
  const auto fused = Make(ResidualNet(16), true);
  const int last = static_cast<int>(plain->layers().size()) - 1;
  Pass(plain.get());
  for (int cut = 1; cut < last; ++cut) {
    SCOPED_TRACE(fused->layer_names()[cut]);
    // The statistics of a pass must not depend on how it is cut.
    for (size_t i = 0; i < plain->params().size(); ++i) {
      caffe_copy(plain->params()[i]->count(), plain->params()[i]->cpu_data(),
                 fused->params()[i]->mutable_cpu_data());
    }
    Pass(plain.get());
    fused->ClearParamDiffs();
    fused->ForwardTo(cut);
    fused->ForwardFrom(cut + 1);
    fused->Backward();
    ExpectSame(*plain, *fused);
    if (HasFatalFailure()) return;

    for (size_t i = 0; i < plain->params().size(); ++i) {
      caffe_copy(plain->params()[i]->count(), plain->params()[i]->cpu_data(),
                 fused->params()[i]->mutable_cpu_data());
    }
    Pass(plain.get());
    fused->ClearParamDiffs();
    fused->Forward();
    fused->BackwardFromTo(last, cut);
    fused->BackwardFromTo(cut - 1, 0);
    ExpectSame(*plain, *fused);
    if (HasFatalFailure()) return;
  }
}

TEST_F(ExecutionPlanTest, ConvertsNothingBetweenTheFirstConvolutionAndThePooling) {
  for (const bool fusion : {false, true}) {
    const auto net = Make(ResidualNet(16), fusion);
    Pass(net.get());
    const uint64_t before = FormatConversions();
    Pass(net.get());
    EXPECT_EQ(FormatConversions(), before) << (fusion ? "fused" : "one by one");
  }
}

}  // namespace
}  // namespace caffe
