// Weights of a net in HDF5 files, in Caffe's layout: group "data", in it a group for each layer, in
// it data sets "0", "1", ... for its blobs; gradients likewise in group "diff". A slash in a
// layer's name is one of HDF5's, too: its group lies in another.

#include <algorithm>
#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "caffe/layer.hpp"
#include "caffe/net.hpp"
#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "caffe/weight_transfer.hpp"

namespace caffe {
namespace {

constexpr char kData[] = "data", kDiff[] = "diff";

/// Adds the names of the layers below a group: groups with data sets, and groups without anything
/// in them.
void AddLayerNames(hid_t file, const string& group, const string& name, vector<string>* names) {
  const vector<string> members = Hdf5Names(file, group);
  bool is_layer = members.empty();
  for (const string& member : members) {
    const string path = group + "/" + member;
    if (IsHdf5Dataset(file, path)) {
      is_layer = true;
    } else {
      AddLayerNames(file, path, name.empty() ? member : name + "/" + member, names);
    }
  }
  if (is_layer && !name.empty()) names->push_back(name);
}

int CountDatasets(hid_t file, const string& group) {
  int count = 0;
  for (const string& member : Hdf5Names(file, group)) {
    count += IsHdf5Dataset(file, group + "/" + member);
  }
  return count;
}

void CheckLayerNames(const vector<string>& layers) {
  for (const string& name : layers) {
    Require(!name.empty() && name.front() != '/' && name.back() != '/' &&
                name.find("//") == string::npos && name != ".",
            "an HDF5 file cannot hold a layer named '", name, "'. Rename it, or use ",
            "snapshot_format: BINARYPROTO");
  }
}

/// Whether a blob of a layer uses the memory of another layer's.
template <typename Dtype>
bool IsShared(const Net<Dtype>& net, int layer, int blob) {
  const auto& indices = net.param_layer_indices();
  const auto found = std::find(indices.begin(), indices.end(), std::pair(layer, blob));
  return net.param_owners()[found - indices.begin()] != -1;
}

/// Whether the data sets of a group have the shapes of a layer's blobs; shared blobs need none.
template <typename Dtype>
bool Fits(hid_t file, const string& group, const vector<shared_ptr<Blob<Dtype>>>& blobs) {
  if (CountDatasets(file, group) > static_cast<int>(blobs.size())) return false;
  for (size_t j = 0; j < blobs.size(); ++j) {
    const string dataset = group + "/" + std::to_string(j);
    if (HasHdf5Object(file, dataset) && Hdf5Shape(file, dataset) != blobs[j]->shape()) return false;
  }
  return true;
}

/// Reads the blobs of one layer of the net. Throws Error if they do not fit.
template <typename Dtype>
void ReadLayer(hid_t file, const string& path, int layer, Net<Dtype>* net) {
  const string& name = net->layer_names()[layer];
  const string group = string(kData) + "/" + name;
  auto& blobs = net->layers()[layer]->blobs();
  const int stored = CountDatasets(file, group);
  Require(stored <= static_cast<int>(blobs.size()), path, ": layer '", name, "' has ", blobs.size(),
          " learnable blob(s), the file has ", stored,
          ". Rename the layer if it should not take these weights");
  for (size_t j = 0; j < blobs.size(); ++j) {
    const string dataset = group + "/" + std::to_string(j);
    if (!HasHdf5Object(file, dataset)) {
      Require(IsShared(*net, layer, static_cast<int>(j)), path, ": blob ", j, " of layer '", name,
              "' is missing, and the net does not share it with another layer");
      continue;
    }
    try {
      hdf5_load_nd_dataset(file, dataset.c_str(), 0, INT_MAX, blobs[j].get());
    } catch (Error& error) {
      error.add_context("layer '" + name + "', blob " + std::to_string(j));
      throw;
    }
  }
}

}  // namespace

template <typename Dtype>
WeightTransfer TransferWeightsOfHdf5(const string& path, OnMismatch on_mismatch, Net<Dtype>* net) {
  const Hdf5Object file = OpenHdf5(path);
  Require(HasHdf5Object(file, kData), "'", path, "' holds no weights: it has no group 'data'");
  vector<string> source_names;
  AddLayerNames(file, kData, "", &source_names);
  WeightTransfer transfer;
  for (const string& name : source_names) {
    const int layer = WeightLayer(*net, name);
    const string group = string(kData) + "/" + name;
    if (layer < 0) {
      LOG(INFO) << "Ignoring source layer " << name;
      if (CountDatasets(file, group) > 0) transfer.unused.push_back(name);
      continue;
    }
    const auto& blobs = net->layers()[layer]->blobs();
    if (on_mismatch == OnMismatch::kSkip && !Fits(file, group, blobs)) {
      transfer.mismatched.push_back(name);
      continue;
    }
    ReadLayer(file, path, layer, net);
    if (!blobs.empty()) transfer.loaded.push_back(name);
  }
  return transfer;
}

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFromHDF5(const string& trained_filename) {
  TransferWeightsOfHdf5(trained_filename, OnMismatch::kThrow, this);
}

template <typename Dtype>
void Net<Dtype>::ToHDF5(const string& filename, bool write_diff) const {
  CheckLayerNames(layer_names_);
  const Hdf5Object file = NewHdf5();
  for (const bool diff : {false, true}) {
    if (diff && !write_diff) continue;
    const string root = diff ? kDiff : kData;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const string group = root + "/" + layer_names_[i];
      // The group is there already if a layer before has this name, or one as if it lay in it.
      if (!HasHdf5Object(file, group)) MakeHdf5Group(file, group);
      const auto& blobs = layers_[i]->blobs();
      for (size_t j = 0; j < blobs.size(); ++j) {
        if (!diff && param_owners_[param_id_vecs_[i][j]] != -1) continue;
        const string dataset = group + "/" + std::to_string(j);
        if (HasHdf5Object(file, dataset)) continue;  // a layer of this name shares it
        hdf5_save_nd_dataset(file, dataset, *blobs[j], diff);
      }
    }
  }
  WriteHdf5(file, filename);
}

#define INSTANTIATE(Dtype)                                                               \
  template WeightTransfer TransferWeightsOfHdf5(const string&, OnMismatch, Net<Dtype>*); \
  template void Net<Dtype>::CopyTrainedLayersFromHDF5(const string&);                    \
  template void Net<Dtype>::ToHDF5(const string&, bool) const;
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
