#include <google/protobuf/text_format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"

/// Layers with lr_mult 0 cost no backward pass that nobody needs.
namespace caffe {
namespace {

constexpr float kUntouched = 7;

string Layer(const string& name, const string& type, const string& bottom, const string& top,
             const string& more = "") {
  return "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" + top +
         "' " + more + " } ";
}

/// Convolution, batch norm, scale and rectifier: conv<n>, bn<n>, scale<n>, relu<n>. `frozen` has
/// <n> if all are frozen, "conv<n>" if the convolution is.
string Stage(const string& n, const string& bottom, const std::set<string>& frozen) {
  const string conv = "conv" + n, freeze = "param { lr_mult: 0 } param { lr_mult: 0 } ";
  const string freeze_scale = frozen.count(n) ? freeze : "";
  const string freeze_conv = frozen.count(conv) ? freeze : freeze_scale;
  return Layer(conv, "Convolution", bottom, conv,
               freeze_conv +
                   "convolution_param { num_output: 16 kernel_size: 3 pad: 1 "
                   "weight_filler { type: 'xavier' } }") +
         Layer("bn" + n, "BatchNorm", conv, conv) +
         Layer("scale" + n, "Scale", conv, conv, freeze_scale + "scale_param { bias_term: true }") +
         Layer("relu" + n, "ReLU", conv, conv);
}

/// Three stages and a classifier.
string NetText(const std::set<string>& frozen) {
  string text =
      "layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' dummy_data_param { "
      "shape { dim: 4 dim: 16 dim: 6 dim: 6 } shape { dim: 4 } "
      "data_filler { type: 'gaussian' } data_filler { value: 1 } } } ";
  text += Stage("1", "data", frozen) + Stage("2", "conv1", frozen) + Stage("3", "conv2", frozen);
  return text +
         Layer("fc", "InnerProduct", "conv3", "fc",
               "inner_product_param { num_output: 3 weight_filler { type: 'xavier' } }") +
         Layer("loss", "SoftmaxWithLoss", "fc", "loss", "bottom: 'label'");
}

template <typename TypeParam>
class FrozenLayersTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  /// The net after one pass; gradients that it did not write are kUntouched, those of parameters
  /// have that added.
  std::unique_ptr<Net<Dtype>> Run(const std::set<string>& frozen) {
    NetParameter param;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(NetText(frozen), &param));
    param.mutable_state()->set_phase(TRAIN);
    Caffe::set_random_seed(3);
    auto net = std::make_unique<Net<Dtype>>(param);
    net->Forward();
    for (const auto& blob : net->blobs()) Mark(blob.get());
    for (Blob<Dtype>* blob : net->learnable_params()) Mark(blob);
    net->Backward();
    return net;
  }

  static void Mark(Blob<Dtype>* blob) {
    caffe_set(blob->count(), Dtype(kUntouched), blob->mutable_cpu_diff());
  }
  static bool IsUntouched(const Blob<Dtype>& blob) {
    return std::all_of(blob.cpu_diff(), blob.cpu_diff() + blob.count(),
                       [](Dtype value) { return value == Dtype(kUntouched); });
  }
  static bool NeedsBackward(const Net<Dtype>& net, const string& name) {
    const auto& names = net.layer_names();
    return net.layer_need_backward()[std::find(names.begin(), names.end(), name) - names.begin()];
  }
  /// Gradients of learned blobs are those of a net of which nothing is frozen.
  static void ExpectSameGradients(const Net<Dtype>& whole, const Net<Dtype>& net) {
    for (size_t i = 0; i < net.params().size(); ++i) {
      const auto [layer, blob] = net.param_layer_indices()[i];
      if (!net.layers()[layer]->param_propagate_down(blob)) continue;
      const Blob<Dtype>&wanted = *whole.params()[i], &found = *net.params()[i];
      for (int j = 0; j < found.count(); ++j) {
        ASSERT_NEAR(found.cpu_diff()[j], wanted.cpu_diff()[j], 1e-4)
            << net.layer_names()[layer] << ", blob " << blob << " at " << j;
      }
    }
  }
};
TYPED_TEST_SUITE(FrozenLayersTest, TestDtypesAndDevices);

TYPED_TEST(FrozenLayersTest, WithNothingLearnedBelowDoNotRunBackward) {
  const auto net = this->Run({"1", "2"});
  for (const string layer :
       {"conv1", "bn1", "scale1", "relu1", "conv2", "bn2", "scale2", "relu2"}) {
    EXPECT_FALSE(this->NeedsBackward(*net, layer)) << layer;
    for (const auto& blob : net->layer_by_name(layer)->blobs()) {
      EXPECT_TRUE(this->IsUntouched(*blob)) << layer;
    }
  }
  for (const string blob : {"data", "conv1", "conv2"}) {
    EXPECT_TRUE(this->IsUntouched(*net->blob_by_name(blob))) << blob;
  }
  for (const string layer : {"conv3", "bn3", "scale3", "relu3", "fc"}) {
    EXPECT_TRUE(this->NeedsBackward(*net, layer)) << layer;
  }
  this->ExpectSameGradients(*this->Run({}), *net);
}

TYPED_TEST(FrozenLayersTest, InBetweenComputeNoGradientsOfTheirWeights) {
  const auto net = this->Run({"2"});
  for (const string layer : {"conv2", "scale2"}) {
    EXPECT_TRUE(this->NeedsBackward(*net, layer)) << layer;
    for (const auto& blob : net->layer_by_name(layer)->blobs()) {
      EXPECT_TRUE(this->IsUntouched(*blob)) << layer;
    }
  }
  EXPECT_FALSE(this->IsUntouched(*net->blob_by_name("conv1")));
  EXPECT_TRUE(this->IsUntouched(*net->blob_by_name("data"))) << "nobody learns from it";
  this->ExpectSameGradients(*this->Run({}), *net);
}

TYPED_TEST(FrozenLayersTest, BelowAScaleThatLearnsDoNotRunBackward) {
  const auto net = this->Run({"conv1"});
  EXPECT_FALSE(this->NeedsBackward(*net, "conv1"));
  EXPECT_FALSE(this->NeedsBackward(*net, "bn1"));
  EXPECT_TRUE(this->NeedsBackward(*net, "scale1"));
  EXPECT_TRUE(this->IsUntouched(*net->layer_by_name("conv1")->blobs()[0]));
  this->ExpectSameGradients(*this->Run({}), *net);
}

TYPED_TEST(FrozenLayersTest, ClassifierAloneIsLearned) {
  const auto net = this->Run({"1", "2", "3"});
  EXPECT_TRUE(this->IsUntouched(*net->blob_by_name("conv3")));
  EXPECT_FALSE(this->IsUntouched(*net->layer_by_name("fc")->blobs()[0]));
  this->ExpectSameGradients(*this->Run({}), *net);
}

}  // namespace
}  // namespace caffe
