// Weights of a net: sharing, copying from files and other nets, storing. HDF5: net_hdf5.cpp.

#include <string>

#include "caffe/layer.hpp"
#include "caffe/net.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace caffe {

namespace {

void CheckBlobNumber(int found, int wanted, const string& layer) {
  Require(found == wanted, "layer '", layer, "' has ", wanted,
          " learnable blob(s), the weights have ", found,
          ". Rename the layer if it should not take these weights");
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
  for (size_t i = 0; i < other->layers().size(); ++i) {
    const string& name = other->layer_names()[i];
    const auto target = layer_names_index_.find(name);
    if (target == layer_names_index_.end()) {
      LOG(INFO) << "Ignoring source layer " << name;
      continue;
    }
    const auto& source = other->layers()[i]->blobs();
    const auto& blobs = layers_[target->second]->blobs();
    CheckBlobNumber(static_cast<int>(source.size()), static_cast<int>(blobs.size()), name);
    for (size_t j = 0; j < blobs.size(); ++j) {
      Require(source[j]->shape() == blobs[j]->shape(), "layer '", name, "', blob ", j,
              ": weights of ", ShapeText(source[j]->shape()), " cannot be shared with ",
              ShapeText(blobs[j]->shape()));
      blobs[j]->ShareData(*source[j]);
    }
  }
}

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFrom(const NetParameter& param) {
  for (const LayerParameter& source : param.layer()) {
    const auto target = layer_names_index_.find(source.name());
    if (target == layer_names_index_.end()) {
      LOG(INFO) << "Ignoring source layer " << source.name();
      continue;
    }
    const auto& blobs = layers_[target->second]->blobs();
    CheckBlobNumber(source.blobs_size(), static_cast<int>(blobs.size()), source.name());
    for (size_t j = 0; j < blobs.size(); ++j) {
      if (!blobs[j]->ShapeEquals(source.blobs(j))) {
        Blob<Dtype> stored;
        stored.FromProto(source.blobs(j), true);
        throw Error("layer '", source.name(), "', blob ", j, ": weights of ",
                    ShapeText(stored.shape()), " do not fit ", ShapeText(blobs[j]->shape()),
                    ". Rename the layer to learn it from scratch instead");
      }
      blobs[j]->FromProto(source.blobs(j), false);
    }
  }
}

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFrom(const string& trained_filename) {
  if (IsHdf5File(trained_filename)) {
    CopyTrainedLayersFromHDF5(trained_filename);
  } else {
    CopyTrainedLayersFromBinaryProto(trained_filename);
  }
}

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFromBinaryProto(const string& trained_filename) {
  NetParameter param;
  ReadNetParamsFromBinaryFileOrDie(trained_filename, &param);
  Require(param.layer_size() > 0, "'", trained_filename,
          "' holds no layers: it is empty, or of another kind than weights");
  try {
    CopyTrainedLayersFrom(param);
  } catch (Error& error) {
    error.add_context(trained_filename);
    throw;
  }
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
