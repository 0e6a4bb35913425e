// Which layer of a net takes the weights of which name, and what is said of layers that get none.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "caffe/layer.hpp"
#include "caffe/weight_transfer.hpp"

namespace caffe {

namespace {

constexpr size_t kLineWidth = 90;

/// For each blob of a layer, the index in params() of the parameter whose memory it uses.
template <typename Dtype>
vector<int> OwnersOfBlobs(const Net<Dtype>& net, int layer) {
  vector<int> owners;
  const auto& indices = net.param_layer_indices();
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i].first != layer) continue;
    const int owner = net.param_owners()[i];
    owners.push_back(owner < 0 ? static_cast<int>(i) : owner);
  }
  return owners;
}

template <typename Dtype>
bool HasParameters(const Net<Dtype>& net, int layer) {
  return !net.layers()[layer]->blobs().empty();
}

/// "InnerProduct, net.prototxt:12"
template <typename Dtype>
string Description(const Net<Dtype>& net, int layer) {
  const LayerParameter& param = net.layers()[layer]->layer_param();
  return param.type() + (param.source_location().empty() ? "" : ", " + param.source_location());
}

}  // namespace

string LayerList(const vector<string>& names) {
  string text = "(" + std::to_string(names.size()) + (names.size() == 1 ? " layer):" : " layers):");
  string line;
  for (const string& name : names) {
    if (!line.empty() && line.size() + name.size() + 2 > kLineWidth) {
      text += "\n    " + line + ",";
      line.clear();
    }
    line += (line.empty() ? "" : ", ") + name;
  }
  return text + "\n    " + line;
}

template <typename Dtype>
int WeightLayer(const Net<Dtype>& net, const string& name) {
  int first = -1;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    if (net.layer_names()[i] != name) continue;
    if (HasParameters(net, i)) return i;
    if (first < 0) first = i;
  }
  return first;
}

template <typename Dtype>
void CheckWeightNames(const Net<Dtype>& net) {
  std::map<string, int> known;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    if (!HasParameters(net, i)) continue;
    const auto [entry, is_new] = known.emplace(net.layer_names()[i], i);
    if (is_new || OwnersOfBlobs(net, entry->second) == OwnersOfBlobs(net, i)) continue;
    throw Error("two layers with parameters are named '", entry->first, "' (",
                Description(net, entry->second), " and ", Description(net, i),
                "): files of weights, test nets and resumes would mix them up. Rename one of them; "
                "if they are to share their weights, give the param { } blocks of both the same "
                "names, such as param { name: \"w\" }");
  }
}

template <typename Dtype>
vector<string> LayersWithoutWeights(const Net<Dtype>& net, const vector<string>& loaded) {
  const std::set<string> names(loaded.begin(), loaded.end());
  std::set<int> filled;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    if (names.count(net.layer_names()[i]) == 0) continue;
    for (const int owner : OwnersOfBlobs(net, i)) filled.insert(owner);
  }
  vector<string> without;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    const vector<int> owners = OwnersOfBlobs(net, i);
    const bool has_all = std::all_of(owners.begin(), owners.end(),
                                     [&](int owner) { return filled.count(owner) > 0; });
    if (!has_all) without.push_back(net.layer_names()[i]);
  }
  return without;
}

template <typename Dtype>
void CheckSomethingMatches(const Net<Dtype>& net, const string& file,
                           const WeightTransfer& transfer) {
  if (net.params().empty() || !transfer.loaded.empty() || !transfer.mismatched.empty()) return;
  const string wanted = LayersWithoutWeights(net, {}).front();
  throw Error("'", file, "' has weights for none of the net's layers: the net's first layer with ",
              "parameters is '", wanted, "', ",
              transfer.unused.empty() ? string("the file has no layer with weights")
                                      : "the file's is '" + transfer.unused.front() + "'",
              ". Is it the model of another net?");
}

template <typename Dtype>
void LoadWeightsToScore(const string& file, Net<Dtype>* net) {
  const WeightTransfer transfer = TransferWeights(file, OnMismatch::kThrow, net);
  CheckSomethingMatches(*net, file, transfer);
  const vector<string> without = LayersWithoutWeights(*net, transfer.loaded);
  LOG_IF(WARNING, !without.empty())
      << "'" << file << "' has no weights for some layers, which keep their initial values "
      << LayerList(without);
}

template <typename Dtype>
void RestoreWeights(const string& file, Net<Dtype>* net) {
  constexpr char kAdvice[] =
      ". A resume restores all weights: resume with the net that was trained, or start a new run "
      "from this model with --weights";
  WeightTransfer transfer;
  try {
    transfer = TransferWeights(file, OnMismatch::kThrow, net);
  } catch (Error& error) {
    error.add_context("cannot resume");
    throw;
  }
  const vector<string> without = LayersWithoutWeights(*net, transfer.loaded);
  Require(without.empty(), "cannot resume: '", file, "' has no weights for layers of the net ",
          LayerList(without), kAdvice);
  Require(transfer.unused.empty(), "cannot resume: '", file,
          "' has weights for layers that the net lacks ", LayerList(transfer.unused), kAdvice);
}

#define INSTANTIATE(Dtype)                                                                      \
  template int WeightLayer(const Net<Dtype>&, const string&);                                   \
  template void CheckWeightNames(const Net<Dtype>&);                                            \
  template vector<string> LayersWithoutWeights(const Net<Dtype>&, const vector<string>&);       \
  template void CheckSomethingMatches(const Net<Dtype>&, const string&, const WeightTransfer&); \
  template void LoadWeightsToScore(const string&, Net<Dtype>*);                                 \
  template void RestoreWeights(const string&, Net<Dtype>*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
