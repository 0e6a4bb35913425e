// A net that runs by its plan against the same net layer by layer.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caffe/native/dnnl_memory.hpp"
#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "tests/caffe/plan/plan_nets.hpp"

namespace caffe {
namespace {

class ExecutionPlanTest : public CPUDeviceTest<float> {};

TEST_F(ExecutionPlanTest, FindsTheRunsOfAResidualNet) {
  const auto net = Make(ResidualNet(16), {.fusion = true});
  const std::vector<string> wanted = {
      "bn0 to stem_relu_stem_0_split", "bn_a1 to relu_a1", "bn_a2 to a_relu_a_0_split",
      "bn_bs to bn_bs_scale",          "bn_b1 to relu_b1", "bn_b2 to relu_b"};
  EXPECT_EQ(Runs(*net), wanted);
  EXPECT_TRUE(Make(ResidualNet(16), {.fusion = false})->plan().steps().empty());
}

TEST_F(ExecutionPlanTest, GivesWhatLayersGiveOneByOne) {
  for (const int channels : {16, 24, 5}) {
    SCOPED_TRACE(channels);
    const auto plain = Make(ResidualNet(channels), {.fusion = false});
    const auto fused = Make(ResidualNet(channels), {.fusion = true});
    for (int pass = 0; pass < 2; ++pass) {
      Pass(plain.get());
      Pass(fused.get());
      ExpectSame(*plain, *fused);
    }
    for (const auto& step : fused->plan().steps()) EXPECT_TRUE(step->ran());
  }
}

TEST_F(ExecutionPlanTest, ActivationsGiveWhatLayersGiveOneByOne) {
  for (const ActivationLayer& activation : ActivationLayers()) {
    SCOPED_TRACE(activation.type + activation.param);
    const string text = InvertedResidualNet(activation, 24, 3);
    const auto plain = Make(text, {.fusion = false});
    const auto fused = Make(text, {.fusion = true});
    for (int pass = 0; pass < 2; ++pass) {
      Pass(plain.get());
      Pass(fused.get());
      ExpectSame(*plain, *fused);
    }
  }
}

TEST_F(ExecutionPlanTest, TakesTheActivationsThatItCan) {
  const auto found = [](const ActivationLayer& activation) {
    return Runs(*Make(InvertedResidualNet(activation, 16, 3), {.fusion = true}));
  };
  using Names = std::vector<string>;
  const Names everywhere = {"bn0 to stem_act_stem_0_split", "bn_e to act_expand",
                            "bn_d to act_depthwise", "bn_p to act_sum"};
  EXPECT_EQ(found({"ReLU6", ""}), everywhere);
  const Names not_after_sum = {"bn0 to stem_act_stem_0_split", "bn_e to act_expand",
                               "bn_d to act_depthwise", "bn_p to sum"};
  EXPECT_EQ(found({"Swish", ""}), not_after_sum);
  EXPECT_EQ(found({"SiLU", ""}), not_after_sum);
  EXPECT_EQ(found({"Clip", "clip_param { min: -1 max: 1 }"}), not_after_sum);
  const Names none = {"bn0 to bn0_scale", "bn_e to bn_e_scale", "bn_d to bn_d_scale",
                      "bn_p to sum"};
  EXPECT_EQ(found({"Clip", "clip_param { min: 1 max: 2 }"}), none);
}

TEST_F(ExecutionPlanTest, TestPhaseGivesTheSame) {
  const auto plain = Make(ResidualNet(16), {.fusion = false});
  Pass(plain.get());
  NetParameter trained;
  plain->ToProto(&trained);
  std::vector<std::unique_ptr<Net<float>>> nets;
  for (const bool fusion : {false, true}) {
    nets.push_back(Make(ResidualNet(16), {.fusion = fusion, .fold = false}, TEST));
    nets.back()->CopyTrainedLayersFrom(trained);
    Pass(nets.back().get());
  }
  ExpectSame(*nets[0], *nets[1]);
}

TEST_F(ExecutionPlanTest, PartsOfARunAreRunLayerByLayer) {
  const auto plain = Make(ResidualNet(16), {.fusion = false});
  const auto fused = Make(ResidualNet(16), {.fusion = true});
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
    const auto net = Make(ResidualNet(16), {.fusion = fusion});
    Pass(net.get());
    const uint64_t before = FormatConversions();
    Pass(net.get());
    EXPECT_EQ(FormatConversions(), before) << (fusion ? "fused" : "one by one");
  }
}

}  // namespace
}  // namespace caffe
