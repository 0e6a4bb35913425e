// Weights of a net in HDF5 files, in Caffe's layout: group "data", in it a group for each layer, in
// it data sets "0", "1", ... for its blobs; gradients likewise in group "diff". A slash in a
// layer's name is one of HDF5's, too: its group lies in another.

#include <climits>
#include <set>
#include <string>
#include <vector>

#include "caffe/layer.hpp"
#include "caffe/net.hpp"
#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"

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
  std::set<string> names;
  for (const string& name : layers) {
    Require(!name.empty() && name.front() != '/' && name.back() != '/' &&
                name.find("//") == string::npos && name != ".",
            "an HDF5 file cannot hold a layer named '", name, "'. Rename it, or use ",
            "snapshot_format: BINARYPROTO");
    Require(names.insert(name).second, "an HDF5 file cannot hold two layers named '", name,
            "'. Rename one, or use snapshot_format: BINARYPROTO");
  }
}

}  // namespace

template <typename Dtype>
void Net<Dtype>::CopyTrainedLayersFromHDF5(const string& trained_filename) {
  const Hdf5Object file = OpenHdf5(trained_filename);
  Require(HasHdf5Object(file, kData), "'", trained_filename,
          "' holds no weights: it has no group 'data'");
  vector<string> source_names;
  AddLayerNames(file, kData, "", &source_names);
  for (const string& name : source_names) {
    int target = static_cast<int>(layers_.size()) - 1;
    while (target >= 0 && layer_names_[target] != name) --target;
    if (target < 0) {
      LOG(INFO) << "Ignoring source layer " << name;
      continue;
    }
    const string group = string(kData) + "/" + name;
    const auto& blobs = layers_[target]->blobs();
    const int stored = CountDatasets(file, group);
    Require(stored <= static_cast<int>(blobs.size()), trained_filename, ": layer '", name, "' has ",
            blobs.size(), " learnable blob(s), the file has ", stored,
            ". Rename the layer if it should not take these weights");
    for (size_t j = 0; j < blobs.size(); ++j) {
      const string dataset = group + "/" + std::to_string(j);
      if (!HasHdf5Object(file, dataset)) {
        Require(param_owners_[param_id_vecs_[target][j]] != -1, trained_filename, ": blob ", j,
                " of layer '", name, "' is missing, and the net does not share it with another ",
                "layer");
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
      // The group is there already if a layer before is named as if it lay in this one.
      if (!HasHdf5Object(file, group)) MakeHdf5Group(file, group);
      const auto& blobs = layers_[i]->blobs();
      for (size_t j = 0; j < blobs.size(); ++j) {
        if (!diff && param_owners_[param_id_vecs_[i][j]] != -1) continue;
        hdf5_save_nd_dataset(file, group + "/" + std::to_string(j), *blobs[j], diff);
      }
    }
  }
  WriteHdf5(file, filename);
}

#define INSTANTIATE(Dtype)                                            \
  template void Net<Dtype>::CopyTrainedLayersFromHDF5(const string&); \
  template void Net<Dtype>::ToHDF5(const string&, bool) const;
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
