// The residual nets of the paper convert no values from one layout to another between their first
// convolution and their pooling, neither in a training step nor in a test.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/native/format_conversions.hpp"
#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "tests/caffe/plan/model_nets.hpp"

namespace caffe {
namespace {

/// Index of the first, or the last, layer of a type.
int FindLayer(const Net<float>& net, const string& type, bool last) {
  int found = -1;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    if (net.layers()[i]->type() == type && (found < 0 || last)) found = i;
  }
  return found;
}

std::unique_ptr<Net<float>> Make(NetParameter param, Phase phase, bool fusion) {
  param.mutable_state()->set_phase(phase);
  auto net = std::make_unique<Net<float>>(param);
  net->MakePlan({.fusion = fusion});
  FillerParameter gaussian;
  GaussianFiller<float>(gaussian).Fill(net->input_blobs()[0]);
  return net;
}

/// Names of the layers that convert, once for every conversion. What runs as one counts as its
/// first layer, forward, or its last, backward.
std::vector<string> ConvertingLayers(Net<float>* net, bool backward) {
  std::vector<string> names;
  const int first = FindLayer(*net, "Convolution", false);
  const int last = FindLayer(*net, "Pooling", true);
  uint64_t before = FormatConversions();
  const auto note = [&](int layer, const char* direction) {
    const uint64_t now = FormatConversions();
    if (layer >= first && layer <= last) {
      names.insert(names.end(), now - before, net->layer_names()[layer] + direction);
    }
    before = now;
  };
  const int end = static_cast<int>(net->layers().size()) - 1;
  float loss = 0;
  for (int i = 0, ran; i <= end; i = ran + 1) {
    ran = net->ForwardStep(i, end, &loss);
    note(i, " forward");
  }
  for (int i = end, ran; backward && i >= 0; i = ran - 1) {
    ran = net->BackwardStep(i, 0);
    note(i, " backward");
  }
  return names;
}

class ConversionsTest : public CPUDeviceTest<float>,
                        public ::testing::WithParamInterface<const char*> {};

TEST_P(ConversionsTest, NoneBetweenTheFirstConvolutionAndThePooling) {
  const string folder = GetParam();
  const bool large = folder.find("imagenet") != string::npos;
  const NetParameter param = ModelNet(folder, 2, 3, large ? 224 : 32);
  for (const bool fusion : {true, false}) {
    for (const Phase phase : {TRAIN, TEST}) {
      SCOPED_TRACE(string(fusion ? "fused " : "one by one ") + Phase_Name(phase));
      const auto net = Make(param, phase, fusion);
      ConvertingLayers(net.get(), phase == TRAIN);
      EXPECT_EQ(ConvertingLayers(net.get(), phase == TRAIN), std::vector<string>());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ResNets, ConversionsTest,
                         ::testing::Values("resnet18/cifar10", "resnet18/imagenet",
                                           "resnet50/cifar10", "resnet50/imagenet"));

}  // namespace
}  // namespace caffe
