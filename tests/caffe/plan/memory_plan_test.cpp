// A net that gives memory back within a pass against one that keeps all of it: the same bits. What
// is given back comes again as NaN, so nobody can rely on what was in it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "caffe/device/host_memory.hpp"
#include "caffe/filler.hpp"
#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "tests/caffe/plan/model_nets.hpp"
#include "tests/rival_net.hpp"

namespace caffe {
namespace {

/// Fills all memory that is handed out with NaN while it lives.
class Poison {
 public:
  Poison() { SetHostMemoryPoison(true); }
  ~Poison() { SetHostMemoryPoison(false); }
};

/// Blobs that one of two consumers writes no gradient for, memory that several blobs share, layers
/// in place, two losses, one of them within the net, weights of two layers in one.
NetParameter TrickyNet() {
  return Parse(R"(
    layer { name: 'data' type: 'Input' top: 'data' top: 'label'
      input_param { shape { dim: 2 dim: 8 dim: 6 dim: 6 } shape { dim: 2 } } }
    layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
      convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: 'msra' } } }
    layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'bn' }
    layer { name: 'relu' type: 'ReLU' bottom: 'bn' top: 'bn' }
    layer { name: 'twin1' type: 'Convolution' bottom: 'bn' top: 'twin1' param { name: 'w' }
      convolution_param { num_output: 16 kernel_size: 1 bias_term: false
        weight_filler { type: 'msra' } } }
    layer { name: 'twin2' type: 'Convolution' bottom: 'twin1' top: 'twin2' param { name: 'w' }
      convolution_param { num_output: 16 kernel_size: 1 bias_term: false } }
    layer { name: 'cat' type: 'Concat' bottom: 'twin2' bottom: 'bn' top: 'cat' }
    layer { name: 'cut' type: 'Slice' bottom: 'cat' top: 'cut1' top: 'cut2' }
    layer { name: 'drop' type: 'Dropout' bottom: 'cut1' top: 'cut1' }
    layer { name: 'sum' type: 'Eltwise' bottom: 'cut1' bottom: 'cut2' top: 'sum' }
    layer { name: 'flat' type: 'Flatten' bottom: 'sum' top: 'flat' }
    layer { name: 'shape' type: 'Reshape' bottom: 'sum' top: 'shape'
      reshape_param { shape { dim: 0 dim: 4 dim: -1 } } }
    layer { name: 'mean' type: 'Reduction' bottom: 'shape' top: 'mean' loss_weight: 0.1
      reduction_param { operation: SUMSQ } }
    layer { name: 'fc' type: 'InnerProduct' bottom: 'flat' top: 'fc'
      inner_product_param { num_output: 5 weight_filler { type: 'xavier' } } }
    layer { name: 'accuracy' type: 'Accuracy' bottom: 'fc' bottom: 'label' top: 'accuracy' }
    layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' top: 'loss' }
    layer { name: 'quiet' type: 'Silence' bottom: 'cut2' }
  )");
}

std::unique_ptr<Net<float>> Make(NetParameter param, Phase phase, const PlanOptions& options) {
  param.mutable_state()->set_phase(phase);
  Caffe::set_random_seed(7);
  auto net = std::make_unique<Net<float>>(param);
  net->MakePlan(options);
  FillerParameter gaussian;
  gaussian.set_std(1);
  GaussianFiller<float>(gaussian).Fill(net->input_blobs()[0]);
  // Running statistics as after some training; at first they are zero.
  for (const auto& layer : net->layers()) {
    if (string(layer->type()) != "BatchNorm") continue;
    for (const int i : {1, 2}) {
      Blob<float>* const sums = layer->blobs()[i].get();
      std::fill_n(sums->mutable_cpu_data(), sums->count(), 1.0f);
    }
  }
  for (int n = 0; n < net->input_blobs()[1]->count(); ++n)
    net->input_blobs()[1]->mutable_cpu_data()[n] = float(n + 1);
  return net;
}

void ExpectSame(const Blob<float>& wanted, const Blob<float>& found, bool diff,
                const string& what) {
  ASSERT_EQ(wanted.count(), found.count()) << what;
  const float* a = diff ? wanted.cpu_diff() : wanted.cpu_data();
  const float* b = diff ? found.cpu_diff() : found.cpu_data();
  for (int i = 0; i < wanted.count(); ++i) {
    ASSERT_TRUE(a[i] == b[i]) << what << ", element " << i << ": " << a[i] << " and " << b[i];
  }
}

/// Passes of both nets, of which only `found` gives memory back.
void ExpectSamePasses(Net<float>* wanted, Net<float>* found, bool backward) {
  for (int pass = 0; pass < 3; ++pass) {
    float losses[2];
    Net<float>* const nets[2] = {wanted, found};
    for (int k = 0; k < 2; ++k) {
      nets[k]->ClearParamDiffs();
      nets[k]->Forward(&losses[k]);
      if (backward) nets[k]->Backward();
    }
    ASSERT_TRUE(std::isfinite(losses[0]));
    EXPECT_EQ(losses[0], losses[1]);
    for (int i = 0; i < wanted->num_outputs(); ++i) {
      ExpectSame(*wanted->output_blobs()[i], *found->output_blobs()[i], false,
                 "output " + std::to_string(i));
    }
    for (size_t i = 0; i < wanted->learnable_params().size(); ++i) {
      ExpectSame(*wanted->learnable_params()[i], *found->learnable_params()[i], true,
                 "gradient of parameter " + std::to_string(i));
    }
  }
}

void ExpectSameTraining(const NetParameter& param, bool fusion) {
  const auto wanted = Make(param, TRAIN, {.fusion = fusion});
  const auto found = Make(param, TRAIN, {.fusion = fusion, .share_memory = true});
  const Poison poison;
  ExpectSamePasses(wanted.get(), found.get(), true);
}

void ExpectSameInference(const NetParameter& param, bool fusion) {
  const auto wanted = Make(param, TEST, {.fusion = fusion});
  const auto found =
      Make(param, TEST, {.fusion = fusion, .share_memory = true, .forward_only = true});
  const Poison poison;
  ExpectSamePasses(wanted.get(), found.get(), false);
}

class MemoryPlanTest : public ::testing::Test {
 protected:
  void SetUp() override { Caffe::set_mode(Caffe::CPU); }
};

TEST_F(MemoryPlanTest, SharedAndUnwrittenMemoryTraining) {
  for (const bool fusion : {false, true}) ExpectSameTraining(TrickyNet(), fusion);
}

TEST_F(MemoryPlanTest, SharedAndUnwrittenMemoryInference) {
  for (const bool fusion : {false, true}) ExpectSameInference(TrickyNet(), fusion);
}

TEST_F(MemoryPlanTest, NetsOfThePaper) {
  for (const string folder :
       {"resnet8/cifar10_quick", "mobilenetv2/cifar10", "shufflenetv2_x0_5/cifar100",
        "efficientnet_b0/cifar10", "densenet121/cifar10", "vit_tiny/cifar100"}) {
    SCOPED_TRACE(folder);
    const NetParameter param = ModelNet(folder, 2, 3, 32);
    ExpectSameTraining(param, true);
    ExpectSameInference(param, true);
  }
}

// Layers that keep draws of their own between the passes.
TEST_F(MemoryPlanTest, LayersThatRegulariseByChance) {
  const NetParameter param = Parse(
      "layer { name: 'data' type: 'Input' top: 'data' top: 'label' input_param { "
      "shape { dim: 2 dim: 8 dim: 6 dim: 6 } shape { dim: 2 } } } " +
      RivalNet("0.6"));
  for (const bool fusion : {false, true}) {
    ExpectSameTraining(param, fusion);
    ExpectSameInference(param, fusion);
  }
}

TEST_F(MemoryPlanTest, LeNet) {
  const NetParameter param = ModelNet("lenet/mnist", 2, 1, 28);
  ExpectSameTraining(param, true);
  ExpectSameInference(param, true);
}

TEST_F(MemoryPlanTest, GivesBackWhatThePassHasUsed) {
  const auto net = Make(TrickyNet(), TRAIN, {.share_memory = true});
  net->Forward();
  EXPECT_NE(net->blob_by_name("twin1")->data()->head(), SyncedMemory::UNINITIALIZED);
  net->Backward();
  EXPECT_EQ(net->blob_by_name("twin1")->data()->head(), SyncedMemory::UNINITIALIZED);
  EXPECT_EQ(net->blob_by_name("twin1")->diff()->head(), SyncedMemory::UNINITIALIZED);
  // The user's, and what the user looks at.
  EXPECT_NE(net->blob_by_name("data")->data()->head(), SyncedMemory::UNINITIALIZED);
  EXPECT_NE(net->blob_by_name("loss")->data()->head(), SyncedMemory::UNINITIALIZED);
}

TEST_F(MemoryPlanTest, KeepsAllWhenAskedTo) {
  const auto wanted = Make(TrickyNet(), TRAIN, {});
  const auto found = Make(TrickyNet(), TRAIN, {.share_memory = true});
  found->set_share_memory(false);
  for (Net<float>* net : {wanted.get(), found.get()}) net->ForwardBackward();
  for (const string& name : wanted->blob_names()) {
    ExpectSame(*wanted->blob_by_name(name), *found->blob_by_name(name), false, name);
    ExpectSame(*wanted->blob_by_name(name), *found->blob_by_name(name), true, name);
  }
}

}  // namespace
}  // namespace caffe
