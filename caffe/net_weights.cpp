// Weights of a net: sharing, storing, and copying, which weight_transfer.cpp does. HDF5:
// net_hdf5.cpp.

#include <map>
#include <string>

#include "caffe/layer.hpp"
#include "caffe/net.hpp"
#include "caffe/weight_transfer.hpp"

namespace caffe {

namespace {

/// Nets share by names of layers, so a name used for two things is the usual cause.
constexpr char kSharingAdvice[] =
    ". The two nets share weights because both have a layer of that name: rename one of them if "
    "they are different layers, or define both alike";

template <typename Dtype>
string DescribeLayer(Layer<Dtype>& layer) {
  const LayerParameter& param = layer.layer_param();
  return param.type() + (param.source_location().empty() ? "" : ", " + param.source_location());
}

template <typename Dtype>
void CheckBlobNumber(Layer<Dtype>& source, Layer<Dtype>& target) {
  Require(source.blobs().size() == target.blobs().size(), "layer '", target.layer_param().name(),
          "' (", DescribeLayer(target), ") has ", target.blobs().size(),
          " learnable blob(s), that of the other net (", DescribeLayer(source), ") has ",
          source.blobs().size(), kSharingAdvice);
}

}  // namespace

template <typename Dtype>
void Net<Dtype>::ShareWeights() {
  for (size_t i = 0; i < params_.size(); ++i) {
    if (param_owners_[i] < 0) continue;
    params_[i]->ShareData(*params_[param_owners_[i]]);
    params_[i]->ShareDiff(*params_[param_owners_[i]]);
  }
}

template <typename Dtype>
void Net<Dtype>::ShareTrainedLayersWith(const Net* other) {
  // By the owner of a shared parameter: what its sharers in other layers have to follow.
  map<int, const Blob<Dtype>*> trained;
  const auto owner = [this](int param) {
    return param_owners_[param] < 0 ? param : param_owners_[param];
  };
  for (size_t i = 0; i < other->layers().size(); ++i) {
    const string& name = other->layer_names()[i];
    const int target = WeightLayer(*this, name);
    if (target < 0) {
      LOG(INFO) << "Ignoring source layer " << name;
      continue;
    }
    // A layer without weights may bear the name of one that has some.
    if (WeightLayer(*other, name) != static_cast<int>(i)) continue;
    const auto& source = other->layers()[i]->blobs();
    const auto& blobs = layers_[target]->blobs();
    CheckBlobNumber(*other->layers()[i], *layers_[target]);
    for (size_t j = 0; j < blobs.size(); ++j) {
      Require(source[j]->shape() == blobs[j]->shape(), "layer '", name, "' (",
              DescribeLayer(*layers_[target]), "), blob ", j, " is ", ShapeText(blobs[j]->shape()),
              "; that of the other net (", DescribeLayer(*other->layers()[i]), ") is ",
              ShapeText(source[j]->shape()), ", so they cannot share weights", kSharingAdvice);
      blobs[j]->ShareData(*source[j]);
      trained[owner(param_id_vecs_[target][j])] = source[j].get();
    }
  }
  for (int i = 0; i < static_cast<int>(params_.size()); ++i) {
    const auto found = trained.find(owner(i));
    if (found != trained.end()) params_[i]->ShareData(*found->second);
  }
}

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFrom(const NetParameter& param) {
  TransferWeights(param, OnMismatch::kThrow, this);
}

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFrom(const string& trained_filename) {
  TransferWeights(trained_filename, OnMismatch::kThrow, this);
}

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFromBinaryProto(const string& trained_filename) {
  TransferWeights(trained_filename, OnMismatch::kThrow, this);
}

template <typename Dtype>
void Net<Dtype>::ToProto(NetParameter* param, bool write_diff) const {
  param->Clear();
  param->set_name(name_);
  for (const auto& layer : layers_) layer->ToProto(param->add_layer(), write_diff);
}

#define INSTANTIATE(Dtype)                                                   \
  template void Net<Dtype>::ShareWeights();                                  \
  template void Net<Dtype>::ShareTrainedLayersWith(const Net<Dtype>*);       \
  template void Net<Dtype>::CopyTrainedLayersFrom(const NetParameter&);      \
  template void Net<Dtype>::CopyTrainedLayersFrom(const string&);            \
  template void Net<Dtype>::CopyTrainedLayersFromBinaryProto(const string&); \
  template void Net<Dtype>::ToProto(NetParameter*, bool) const;
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
