// Nets of phase TEST with batch normalisation folded into the convolutions, against the same nets
// layer by layer.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "tests/caffe/plan/plan_nets.hpp"

namespace caffe {
namespace {

/// Two nets with the same weights and statistics, of a net that has seen a few batches.
struct Pair {
  std::unique_ptr<Net<float>> plain, folded;

  explicit Pair(const string& text, const PlanOptions& options = {}) {
    const auto trained = Make(text, {.fusion = false});
    for (int pass = 0; pass < 3; ++pass) trained->Forward();
    NetParameter weights;
    trained->ToProto(&weights);
    plain = Make(text, {.fusion = false}, TEST);
    folded = Make(text, options, TEST);
    for (Net<float>* net : {plain.get(), folded.get()}) net->CopyTrainedLayersFrom(weights);
  }

  void Forward() {
    plain->Forward();
    folded->Forward();
  }
  /// The same change to both.
  template <typename Change>
  void Apply(const Change& change) {
    change(plain.get());
    change(folded.get());
  }
};

/// All steps begin with a convolution, and were taken in the last pass.
void ExpectFolded(const Net<float>& net) {
  for (const PlanStep* step : OuterSteps(net)) {
    EXPECT_STREQ(net.layers()[step->first()]->type(), "Convolution");
    EXPECT_TRUE(step->ran()) << "from " << net.layer_names()[step->first()];
  }
}

float* Weights(Net<float>* net, const string& layer, int blob = 0) {
  return net->layer_by_name(layer)->blobs()[blob]->mutable_cpu_data();
}

class FoldTest : public CPUDeviceTest<float> {};

TEST_F(FoldTest, FindsTheRunsOfAResidualNet) {
  const std::vector<string> wanted = {
      "stem to stem_relu_stem_0_split", "a1 to relu_a1", "a2 to a_relu_a_0_split",
      "b_shortcut to bn_bs_scale",      "b1 to relu_b1", "b2 to relu_b"};
  EXPECT_EQ(Runs(*Make(ResidualNet(16), {}, TEST)), wanted);
  EXPECT_TRUE(Make(ResidualNet(16), {.fusion = false}, TEST)->plan().steps().empty());
  for (const auto& net :
       {Make(ResidualNet(16), {.fold = false}, TEST), Make(ResidualNet(16), {}, TRAIN)}) {
    for (const auto& step : net->plan().steps()) {
      EXPECT_STREQ(net->layers()[step->first()]->type(), "BatchNorm");
    }
  }
}

TEST_F(FoldTest, GivesWhatLayersGiveOneByOne) {
  for (const int channels : {5, 16, 24, 32}) {  // 32 are enough for Winograd's method
    SCOPED_TRACE(channels);
    Pair nets(ResidualNet(channels));
    for (int pass = 0; pass < 2; ++pass) {
      nets.Forward();
      ExpectFolded(*nets.folded);
      ExpectSameValues(*nets.plain, *nets.folded);
    }
  }
}

TEST_F(FoldTest, ActivationsGiveWhatLayersGiveOneByOne) {
  for (const ActivationLayer& activation : ActivationLayers()) {
    for (const int channels : {16, 32}) {
      for (const int kernel : {3, 5}) {
        SCOPED_TRACE(activation.type + activation.param + std::to_string(kernel));
        Pair nets(InvertedResidualNet(activation, channels, kernel));
        nets.Forward();
        ExpectFolded(*nets.folded);
        // Values of this size, the scale of the normalisation, are what an activation cuts.
        ExpectSameValues(*nets.plain, *nets.folded, 6);
      }
    }
  }
}

TEST_F(FoldTest, DepthwiseConvolutionOfPlainValues) {
  const string text = Images() + Depthwise("depthwise", "data", 3) + Norm("bn", "depthwise") +
                      LayerText("act", "SiLU", {"depthwise"}, "depthwise", "") +
                      Classifier("depthwise");
  Pair nets(text);
  nets.Forward();
  ExpectFolded(*nets.folded);
  ExpectSameValues(*nets.plain, *nets.folded);
}

TEST_F(FoldTest, ValuesThatAreNeverMadeCanBeRead) {
  Pair nets(SeparateTopsNet());
  nets.Forward();
  ExpectFolded(*nets.folded);
  ExpectSameValues(*nets.plain, *nets.folded);
  EXPECT_EQ(Runs(*nets.folded), (std::vector<string>{"first to first_bn_relu_first_bn_0_split",
                                                     "second to sum", "third to bn2"}));
}

TEST_F(FoldTest, ValuesThatAreReadLateAreThoseOfThePass) {
  for (const string& text : {SeparateTopsNet(), ResidualNet(16)}) {
    Pair nets(text);
    nets.Forward();
    const auto& layers = nets.folded->layers();
    for (const auto& layer : layers) {
      for (const auto& blob : layer->blobs())
        caffe_set(blob->count(), 7.f, blob->mutable_cpu_data());
    }
    ExpectSameValues(*nets.plain, *nets.folded);
  }
}

TEST_F(FoldTest, SeesEveryChangeOfWeightsAndStatistics) {
  Pair nets(ResidualNet(16));
  nets.Forward();
  // A pointer of which the net knows nothing, as Caffe's users keep them.
  float* const pointers[] = {Weights(nets.plain.get(), "a2"), Weights(nets.folded.get(), "a2")};
  nets.Forward();
  for (float* weights : pointers) weights[16 * 16 * 9 - 1] += 1;
  nets.Forward();
  ExpectSameValues(*nets.plain, *nets.folded);
  const std::vector<std::pair<string, int>> others = {
      {"bn_a2", 0}, {"bn_a2", 1}, {"bn_a2", 2}, {"bn_a2_scale", 0}, {"bn_a2_scale", 1}};
  for (const auto& [layer, blob] : others) {
    SCOPED_TRACE(layer + std::to_string(blob));
    nets.Apply([&](Net<float>* net) { Weights(net, layer, blob)[0] *= 1.5f; });
    nets.Forward();
    ExpectSameValues(*nets.plain, *nets.folded);
  }
}

TEST_F(FoldTest, FollowsTheNetThatItSharesWeightsWith) {
  const auto train = Make(ResidualNet(16), {});
  const auto plain = Make(ResidualNet(16), {.fusion = false}, TEST);
  const auto folded = Make(ResidualNet(16), {}, TEST);
  for (Net<float>* net : {plain.get(), folded.get()}) net->ShareTrainedLayersWith(train.get());
  for (int step = 0; step < 3; ++step) {
    Pass(train.get());
    for (Blob<float>* param : train->learnable_params()) param->scale_diff(0.05f);
    train->Update();
    plain->Forward();
    folded->Forward();
    ExpectFolded(*folded);
    ExpectSameValues(*plain, *folded);
  }
}

TEST_F(FoldTest, BackwardIsThatOfTheLayers) {
  Pair nets(ResidualNet(16));
  for (int pass = 0; pass < 3; ++pass) {
    Pass(nets.plain.get());
    Pass(nets.folded.get());
    ExpectSame(*nets.plain, *nets.folded);
  }
}

TEST_F(FoldTest, PartsOfARunAreRunLayerByLayer) {
  Pair nets(ResidualNet(16));
  const int last = static_cast<int>(nets.plain->layers().size()) - 1;
  for (int cut = 1; cut < last; ++cut) {
    SCOPED_TRACE(nets.folded->layer_names()[cut]);
    nets.plain->Forward();
    nets.folded->ForwardTo(cut);
    nets.folded->ForwardFrom(cut + 1);
    ExpectSameValues(*nets.plain, *nets.folded);
    nets.Forward();
    nets.Apply([cut](Net<float>* net) { net->ForwardFrom(cut); });
    ExpectSameValues(*nets.plain, *nets.folded);
    if (HasFatalFailure()) return;
  }
}

TEST_F(FoldTest, DeclinesWhereNoEngineIs) {
  string text = ResidualNet(16);
  for (size_t at = 0; (at = text.find("bias_term: false", at)) != string::npos; at += 30) {
    text.insert(at, "engine: CAFFE ");
  }
  Pair nets(text);
  nets.Forward();
  for (const auto& step : nets.folded->plan().steps()) EXPECT_FALSE(step->ran());
  ExpectSameValues(*nets.plain, *nets.folded);
}

TEST_F(FoldTest, AShapeThatChangesIsFoldedAgain) {
  Pair nets(ResidualNet(16));
  for (const int num : {3, 2, 5}) {
    nets.Apply([&](Net<float>* net) {
      net->input_blobs()[0]->Reshape(num, 3, 9, 7);
      FillerParameter gaussian;
      Caffe::set_random_seed(num);
      GaussianFiller<float>(gaussian).Fill(net->input_blobs()[0]);
    });
    const auto& names = nets.plain->layer_names();
    const auto fc = std::find(names.begin(), names.end(), "fc") - names.begin();
    nets.Apply([&](Net<float>* net) { net->ForwardTo(static_cast<int>(fc)); });
    ExpectClose(nets.plain->blob_by_name("fc")->cpu_data(),
                nets.folded->blob_by_name("fc")->cpu_data(), num * 4, "fc");
  }
}

}  // namespace
}  // namespace caffe
