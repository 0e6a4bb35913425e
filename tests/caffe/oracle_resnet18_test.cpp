#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/upgrade_proto.hpp"
#include "solver/sgd_solvers.hpp"
#include "tests/caffe/oracle_values.hpp"

namespace caffe {
namespace {

using oracle::Hash;
using oracle::Mix;
using oracle::Value;

constexpr int kBatch = 32;
constexpr int kBatches = 4;

/// models/resnet18/cifar100/train_val.prototxt with an Input layer for its data.
NetParameter NetWithInput() {
  NetParameter file;
  ReadNetParamsFromTextFileOrDie(
      string(CAFFE_SOURCE_DIR) + "/models/resnet18/cifar100/train_val.prototxt", &file);
  NetParameter net;
  LayerParameter* input = net.add_layer();
  input->set_name("data");
  input->set_type("Input");
  input->add_top("data");
  input->add_top("label");
  BlobShape* data = input->mutable_input_param()->add_shape();
  for (const int dim : {kBatch, 3, 32, 32}) data->add_dim(dim);
  input->mutable_input_param()->add_shape()->add_dim(kBatch);
  for (const LayerParameter& layer : file.layer()) {
    if (layer.type() != "Data" && layer.type() != "Accuracy") *net.add_layer() = layer;
  }
  return net;
}

bool EndsWith(const string& text, const string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

template <typename Dtype>
void FillWeights(Net<Dtype>* net) {
  for (size_t l = 0; l < net->layers().size(); ++l) {
    Layer<Dtype>& layer = *net->layers()[l];
    const string& name = net->layer_names()[l];
    const string type = layer.type();
    if (type == "Scale" && EndsWith(name, "_scale2")) {
      caffe_set(layer.blobs()[0]->count(), Dtype(0.25), layer.blobs()[0]->mutable_cpu_data());
    }
    if (type != "Convolution" && type != "InnerProduct") continue;
    const double gain = type == "Convolution" ? 6 : 1;
    const double bound = std::sqrt(gain / layer.blobs()[0]->count(1));
    for (size_t b = 0; b < layer.blobs().size(); ++b) {
      Blob<Dtype>& blob = *layer.blobs()[b];
      Dtype* data = blob.mutable_cpu_data();
      const string stream = name + "." + std::to_string(b);
      for (int i = 0; i < blob.count(); ++i) data[i] = Value(stream, i, bound);
    }
  }
}

/// Images of 4 x 4 squares of 8 x 8 pixels, and labels.
template <typename Dtype>
void FillBatch(int batch, Net<Dtype>* net) {
  Dtype* data = net->blob_by_name("data")->mutable_cpu_data();
  const int planes = kBatch * 3;
  for (int plane = 0; plane < planes; ++plane) {
    for (int pixel = 0; pixel < 32 * 32; ++pixel) {
      const int square = pixel / 32 / 8 * 4 + pixel % 32 / 8;
      data[plane * 32 * 32 + pixel] =
          Value("data", (batch * planes + plane) * 16 + square, std::sqrt(3.0));
    }
  }
  Dtype* label = net->blob_by_name("label")->mutable_cpu_data();
  for (int i = 0; i < kBatch; ++i) {
    label[i] = Mix(Hash("label") + batch * kBatch + i) % 100;
  }
}

vector<double> StoredLosses() {
  std::ifstream file(CAFFE_TEST_DATA_DIR "/oracles/resnet18_cifar100_losses.txt");
  vector<double> losses;
  for (double loss; file >> loss;) losses.push_back(loss);
  return losses;
}

template <typename TypeParam>
class ResNet18OracleTest : public MultiDeviceTest<TypeParam> {};

typedef ::testing::Types<CPUDevice<float>, GPUDevice<float>> FloatOnDevices;
TYPED_TEST_SUITE(ResNet18OracleTest, FloatOnDevices);

/// Forward, backward and update of the whole net against PyTorch. Float against double differs
/// by 7e-6 there, so a tenth of the wanted 1e-3 still leaves room for other summation orders.
TYPED_TEST(ResNet18OracleTest, LossesOfTwentyIterationsAreThoseOfPyTorch) {
  typedef typename TypeParam::Dtype Dtype;
  const vector<double> stored = StoredLosses();
  ASSERT_EQ(stored.size(), 20u);

  SolverParameter param;
  *param.mutable_net_param() = NetWithInput();
  param.set_base_lr(0.01);
  param.set_lr_policy("fixed");
  param.set_momentum(0.9);
  param.set_weight_decay(1e-4);
  param.set_max_iter(20);
  param.set_random_seed(1);
  param.set_snapshot_after_train(false);
  SGDSolver<Dtype> solver(param);
  Net<Dtype>& net = *solver.net();
  int64_t learnable = 0;
  for (const Blob<Dtype>* blob : net.learnable_params()) learnable += blob->count();
  // Batch norm's statistics are parameters too, with a learning rate of 0.
  int64_t statistics = 0;
  for (const auto& layer : net.layers()) {
    if (string(layer->type()) != "BatchNorm") continue;
    for (const auto& blob : layer->blobs()) statistics += blob->count();
  }
  EXPECT_EQ(learnable - statistics, 11220132);

  FillWeights(&net);
  for (int k = 0; k < 20; ++k) {
    FillBatch(k % kBatches, &net);
    solver.Step(1);
    const double loss = net.blob_by_name("loss")->cpu_data()[0];
    EXPECT_NEAR(loss, stored[k], 1e-4 * stored[k]) << "iteration " << k;
  }
}

}  // namespace
}  // namespace caffe
