// Runs a net layer by layer and reads and writes its blobs in between.

#include <cmath>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"

#include "caffe/caffe.hpp"

using caffe::Blob;
using caffe::Caffe;
using caffe::Net;
using caffe::NetParameter;
using caffe::shared_ptr;
using std::string;
using std::vector;

const char kNet[] =
    "name: 'by_hand' force_backward: true "
    "layer { name: 'data' type: 'Input' top: 'data' "
    "  input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } } "
    "layer { name: 'label' type: 'Input' top: 'label' "
    "  input_param { shape { dim: 2 } } } "
    "layer { name: 'square' type: 'WeightedSquare' bottom: 'data' top: 'square' "
    "  scale_param { filler { type: 'uniform' min: 0.5 max: 2 } } } "
    "layer { name: 'ip1' type: 'InnerProduct' bottom: 'square' top: 'ip1' "
    "  inner_product_param { num_output: 6 "
    "    weight_filler { type: 'gaussian' std: 0.1 } "
    "    bias_filler { type: 'constant' value: 0.1 } } } "
    "layer { name: 'relu1' type: 'ReLU' bottom: 'ip1' top: 'ip1' } "
    "layer { name: 'ip2' type: 'InnerProduct' bottom: 'ip1' top: 'ip2' "
    "  inner_product_param { num_output: 5 "
    "    weight_filler { type: 'xavier' } } } "
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip2' bottom: 'label' "
    "  top: 'loss' }";

NetParameter NetFromText() {
  NetParameter param;
  CHECK(google::protobuf::TextFormat::ParseFromString(kNet, &param));
  param.mutable_state()->set_phase(caffe::TRAIN);
  return param;
}

void FillInputs(Net<float>* net) {
  float* data = net->input_blobs()[0]->mutable_cpu_data();
  for (int i = 0; i < net->input_blobs()[0]->count(); ++i) {
    data[i] = std::sin(0.7f * i);
  }
  float* label = net->blob_by_name("label")->mutable_cpu_data();
  label[0] = 3;
  label[1] = 1;
}

int LayerIndex(const Net<float>& net, const string& name) {
  for (int i = 0; i < net.layer_names().size(); ++i) {
    if (net.layer_names()[i] == name) { return i; }
  }
  LOG(FATAL) << "no layer " << name;
  return -1;
}

vector<float> DiffOf(const Blob<float>& blob) {
  return vector<float>(blob.cpu_diff(), blob.cpu_diff() + blob.count());
}

void ExpectNear(float expected, float found, float tolerance) {
  CHECK_LE(std::abs(expected - found), tolerance)
      << "expected " << expected << ", found " << found;
}

// In pieces, and one layer at a time, the net computes what it computes at once.
void CheckPieces(Net<float>* net) {
  float whole;
  net->Forward(&whole);
  CHECK_GT(whole, 0);
  const int ip1 = LayerIndex(*net, "ip1");
  float pieces = net->ForwardFromTo(0, ip1);
  pieces += net->ForwardFrom(ip1 + 1);
  CHECK_EQ(whole, pieces);
  float loss = 0;
  for (int i = 0; i < net->layers().size(); ++i) {
    loss += net->layers()[i]->Forward(net->bottom_vecs()[i], net->top_vecs()[i]);
  }
  CHECK_EQ(whole, loss);
  CHECK_EQ(whole, net->blob_by_name("loss")->cpu_data()[0]);

  net->ClearParamDiffs();
  net->Backward();
  const vector<float> data_diff = DiffOf(*net->blob_by_name("data"));
  const vector<float> weight_diff = DiffOf(*net->learnable_params()[1]);
  net->ClearParamDiffs();
  for (int i = net->layers().size() - 1; i >= 0; --i) {
    if (!net->layer_need_backward()[i]) { continue; }
    net->layers()[i]->Backward(net->top_vecs()[i],
        net->bottom_need_backward()[i], net->bottom_vecs()[i]);
  }
  CHECK(data_diff == DiffOf(*net->blob_by_name("data")));
  CHECK(weight_diff == DiffOf(*net->learnable_params()[1]));
}

// The gradient by the input is the slope of the loss.
void CheckSlope(Net<float>* net) {
  net->ForwardBackward();
  const vector<float> gradient = DiffOf(*net->blob_by_name("data"));
  float* data = net->input_blobs()[0]->mutable_cpu_data();
  for (int i = 0; i < gradient.size(); i += 7) {
    const float value = data[i], step = 1e-2;
    float up, down;
    net->input_blobs()[0]->mutable_cpu_data()[i] = value + step;
    net->Forward(&up);
    net->input_blobs()[0]->mutable_cpu_data()[i] = value - step;
    net->Forward(&down);
    net->input_blobs()[0]->mutable_cpu_data()[i] = value;
    ExpectNear((up - down) / (2 * step), gradient[i], 2e-3);
  }
}

// What is written into a blob between layers is what the next layers see.
void CheckWritesBetweenLayers(Net<float>* net) {
  const int ip1 = LayerIndex(*net, "ip1");
  const int relu1 = LayerIndex(*net, "relu1");
  net->ForwardTo(relu1);
  const shared_ptr<Blob<float> > hidden = net->blob_by_name("ip1");
  caffe::caffe_set(hidden->count(), 0.f, hidden->mutable_cpu_data());
  // ip2 has no bias but zero, so all 5 classes are equally likely.
  ExpectNear(std::log(5.f), net->ForwardFrom(relu1 + 1), 1e-5);

  net->Forward();
  net->ClearParamDiffs();
  net->BackwardFromTo(net->layers().size() - 1, relu1);
  float sum = hidden->asum_diff();
  CHECK_GT(sum, 0);
  hidden->scale_diff(2);
  ExpectNear(2 * sum, hidden->asum_diff(), 1e-4 * sum);
  net->BackwardFrom(ip1);
  const vector<float> doubled = DiffOf(*net->blob_by_name("data"));
  net->Forward();
  net->Backward();
  for (int i = 0; i < doubled.size(); ++i) {
    ExpectNear(2 * net->blob_by_name("data")->cpu_diff()[i], doubled[i], 1e-5);
  }
  net->ForwardBackward();
  net->BackwardFromTo(net->layers().size() - 1, relu1);
  caffe::caffe_set(hidden->count(), 0.f, hidden->mutable_cpu_diff());
  net->BackwardFrom(ip1);
  CHECK_EQ(0, net->blob_by_name("data")->asum_diff());
}

// Weights go through messages and files into another net; batches may change their size.
void CheckWeightsAndShapes(Net<float>* net) {
  float loss, copied_loss;
  net->Forward(&loss);
  NetParameter weights;
  net->ToProto(&weights);
  caffe::WriteProtoToBinaryFile(weights, "by_hand.caffemodel");
  Net<float> from_message(NetFromText());
  from_message.CopyTrainedLayersFrom(weights);
  Net<float> from_file(NetFromText());
  from_file.CopyTrainedLayersFrom(string("by_hand.caffemodel"));
  Net<float> sharing(NetFromText());
  sharing.ShareTrainedLayersWith(net);
  Net<float>* copies[] = {&from_message, &from_file, &sharing};
  for (int i = 0; i < 3; ++i) {
    FillInputs(copies[i]);
    copies[i]->Forward(&copied_loss);
    CHECK_EQ(loss, copied_loss);
  }
  CHECK(sharing.learnable_params()[0]->cpu_data() ==
      net->learnable_params()[0]->cpu_data());

  from_file.input_blobs()[0]->Reshape(7, 3, 4, 4);
  from_file.input_blobs()[1]->Reshape(vector<int>(1, 7));
  from_file.Reshape();
  CHECK_EQ("7 5 (35)", from_file.blob_by_name("ip2")->shape_string());
  from_file.Forward();
}

void CheckAll() {
  Caffe::set_random_seed(1701);
  Net<float> net(NetFromText());
  CHECK_EQ(2, net.num_inputs());
  CHECK(net.has_blob("square") && net.has_layer("relu1") && !net.has_blob("nothing"));
  CHECK_EQ(string("WeightedSquare"), net.layer_by_name("square")->type());
  FillInputs(&net);
  CheckPieces(&net);
  CheckSlope(&net);
  CheckWritesBetweenLayers(&net);
  CheckWeightsAndShapes(&net);
}

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_WARNING;
  ::google::InitGoogleLogging(argv[0]);
  Caffe::set_mode(Caffe::CPU);
  CheckAll();
#ifndef CPU_ONLY
  const int device = Caffe::FindDevice();
  if (device >= 0) {
    Caffe::SetDevice(device);
    Caffe::set_mode(Caffe::GPU);
    CheckAll();
  } else {
    LOG(WARNING) << "No GPU here: ran on the CPU only";
  }
#endif
  return 0;
}
