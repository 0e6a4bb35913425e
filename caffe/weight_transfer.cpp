#include "caffe/weight_transfer.hpp"

#include <map>

#include "caffe/layer.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace caffe {

namespace {

string OtherBlobNumber(int found, int wanted, const string& layer) {
  if (found == wanted) return "";
  return "layer '" + layer + "' has " + std::to_string(wanted) +
         " learnable blob(s), the weights have " + std::to_string(found) +
         ". Rename the layer if it should not take these weights";
}

/// Why stored blobs do not fit those of a layer; "" if they do.
template <typename Dtype>
string Mismatch(const LayerParameter& source, const vector<shared_ptr<Blob<Dtype>>>& blobs) {
  const int count = static_cast<int>(blobs.size());
  string reason = OtherBlobNumber(source.blobs_size(), count, source.name());
  for (int j = 0; reason.empty() && j < count; ++j) {
    if (blobs[j]->ShapeEquals(source.blobs(j))) continue;
    Blob<Dtype> stored;
    stored.FromProto(source.blobs(j), true);
    reason = "layer '" + source.name() + "', blob " + std::to_string(j) + ": weights of " +
             ShapeText(stored.shape()) + " do not fit " + ShapeText(blobs[j]->shape()) +
             ". Rename the layer to learn it from scratch instead, or train with "
             "--skip_mismatched_weights";
  }
  return reason;
}

bool HaveSameBlobs(const LayerParameter& a, const LayerParameter& b) {
  if (a.blobs_size() != b.blobs_size()) return false;
  for (int i = 0; i < a.blobs_size(); ++i) {
    if (a.blobs(i).SerializeAsString() != b.blobs(i).SerializeAsString()) return false;
  }
  return true;
}

void CheckFormat(const string& file) {
  for (const char* suffix : {".pth", ".pt", ".safetensors", ".npz"}) {
    Require(!file.ends_with(suffix), "'", file,
            "' has to become a .caffemodel first: ", "scripts/import_weights ", file,
            " --net NET --out FILE");
  }
}

}  // namespace

OnMismatch& DefaultOnMismatch() {
  static OnMismatch on_mismatch = OnMismatch::kThrow;
  return on_mismatch;
}

template <typename Dtype>
WeightTransfer TransferWeights(const NetParameter& source, OnMismatch on_mismatch,
                               Net<Dtype>* net) {
  WeightTransfer transfer;
  std::map<string, const LayerParameter*> with_blobs;
  for (const LayerParameter& layer : source.layer()) {
    if (layer.blobs_size() == 0) continue;
    const auto [first, is_new] = with_blobs.emplace(layer.name(), &layer);
    Require(is_new || !net->has_layer(layer.name()) || HaveSameBlobs(*first->second, layer),
            "holds two layers named '", layer.name(), "' with weights of their own, and the net ",
            "has one. Rename both where the model is made, in its net, and train it again");
  }
  for (const LayerParameter& layer : source.layer()) {
    const int target = WeightLayer(*net, layer.name());
    if (target < 0) {
      LOG(INFO) << "Ignoring source layer " << layer.name();
      if (layer.blobs_size() > 0) transfer.unused.push_back(layer.name());
      continue;
    }
    // A layer without weights may bear the name of one that has some.
    if (layer.blobs_size() == 0 && with_blobs.count(layer.name()) > 0) continue;
    auto& blobs = net->layers()[target]->blobs();
    if (const string mismatch = Mismatch(layer, blobs); !mismatch.empty()) {
      Require(on_mismatch == OnMismatch::kSkip, mismatch);
      transfer.mismatched.push_back(layer.name());
      continue;
    }
    for (size_t j = 0; j < blobs.size(); ++j) {
      blobs[j]->FromProto(layer.blobs(static_cast<int>(j)), false);
    }
    if (!blobs.empty()) transfer.loaded.push_back(layer.name());
  }
  return transfer;
}

template <typename Dtype>
WeightTransfer TransferWeights(const string& file, OnMismatch on_mismatch, Net<Dtype>* net) {
  CheckFormat(file);
  if (IsHdf5File(file)) return TransferWeightsOfHdf5(file, on_mismatch, net);
  NetParameter param;
  ReadNetParamsFromBinaryFileOrDie(file, &param);
  Require(param.layer_size() > 0, "'", file,
          "' holds no layers: it is empty, or of another kind than weights");
  try {
    return TransferWeights(param, on_mismatch, net);
  } catch (Error& error) {
    error.add_context(file);
    throw;
  }
}

#define INSTANTIATE(Dtype)                                                         \
  template WeightTransfer TransferWeights(const string&, OnMismatch, Net<Dtype>*); \
  template WeightTransfer TransferWeights(const NetParameter&, OnMismatch, Net<Dtype>*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
