#include "solver/initial_weights.hpp"

#include <glog/logging.h>

#include <set>
#include <sstream>

namespace caffe {

namespace {

constexpr size_t kLineWidth = 90;

string Trimmed(const string& text) {
  const size_t first = text.find_first_not_of(" \t\n\r");
  if (first == string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

/// A heading with the number of layers, then their names in lines of a readable width.
void LogLayers(const string& heading, const vector<string>& names) {
  if (names.empty()) return;
  LOG(INFO) << heading << " (" << names.size() << (names.size() == 1 ? " layer):" : " layers):");
  string line;
  for (const string& name : names) {
    if (!line.empty() && line.size() + name.size() + 2 > kLineWidth) {
      LOG(INFO) << "    " << line << ",";
      line.clear();
    }
    line += (line.empty() ? "" : ", ") + name;
  }
  LOG(INFO) << "    " << line;
}

/// Layers with blobs that are in none of the files, in the order of the net.
template <typename Dtype>
vector<string> FreshLayers(const Net<Dtype>& net, const std::set<string>& loaded) {
  vector<string> fresh;
  for (size_t i = 0; i < net.layers().size(); ++i) {
    const string& name = net.layer_names()[i];
    if (!net.layers()[i]->blobs().empty() && loaded.count(name) == 0) fresh.push_back(name);
  }
  return fresh;
}

/// Those of them whose blobs are all frozen. Statistics of batch norm are not learned anyway.
template <typename Dtype>
vector<string> FrozenLayers(const Net<Dtype>& net, const vector<string>& fresh) {
  vector<string> frozen;
  for (const string& name : fresh) {
    const auto layer = net.layer_by_name(name);
    bool learned = string(layer->type()) == "BatchNorm";
    for (size_t i = 0; i < layer->blobs().size(); ++i) {
      learned |= layer->param_propagate_down(static_cast<int>(i));
    }
    if (!learned) frozen.push_back(name);
  }
  return frozen;
}

}  // namespace

template <typename Dtype>
WeightTransfers LoadInitialWeights(const SolverParameter& param, Net<Dtype>* net) {
  WeightTransfers transfers;
  for (const string& list : param.weights()) {
    std::istringstream names(list);
    string name;
    while (std::getline(names, name, ',')) {
      name = Trimmed(name);
      if (name.empty()) continue;
      LOG(INFO) << "Finetuning from " << name;
      transfers.emplace_back(name, TransferWeights(name, DefaultOnMismatch(), net));
    }
  }
  return transfers;
}

template <typename Dtype>
void LogInitialWeights(const Net<Dtype>& net, const WeightTransfers& transfers) {
  if (transfers.empty() || !Caffe::root_solver()) return;
  std::set<string> loaded;
  for (const auto& [file, transfer] : transfers) {
    LogLayers("Loaded from " + file, transfer.loaded);
    LogLayers("Not loaded from " + file + ", as their shapes differ", transfer.mismatched);
    LogLayers("Not used of " + file + ", as the net has no such layers", transfer.unused);
    LOG_IF(WARNING, transfer.loaded.empty())
        << "No layer of the net has the name of one in " << file << ": nothing was loaded.";
    loaded.insert(transfer.loaded.begin(), transfer.loaded.end());
  }
  const vector<string> fresh = FreshLayers(net, loaded);
  LogLayers("Fresh, with their initial values", fresh);
  for (const string& name : FrozenLayers(net, fresh)) {
    LOG(WARNING) << "Layer " << name << " is frozen (lr_mult 0), but no file has weights for it.";
  }
}

#define INSTANTIATE(Dtype)                                                          \
  template WeightTransfers LoadInitialWeights(const SolverParameter&, Net<Dtype>*); \
  template void LogInitialWeights(const Net<Dtype>&, const WeightTransfers&);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
