#include "solver/initial_weights.hpp"

#include <glog/logging.h>

#include <sstream>

namespace caffe {

namespace {

string Trimmed(const string& text) {
  const size_t first = text.find_first_not_of(" \t\n\r");
  if (first == string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

void LogLayers(const string& heading, const vector<string>& names) {
  LOG_IF(INFO, !names.empty()) << heading << " " << LayerList(names);
}

/// Those of them whose blobs are all frozen. Statistics of batch norm are not learned anyway.
template <typename Dtype>
vector<string> FrozenLayers(const Net<Dtype>& net, const vector<string>& fresh) {
  vector<string> frozen;
  for (const string& name : fresh) {
    const auto layer = net.layers()[WeightLayer(net, name)];
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
  if (transfers.empty()) return;
  for (const auto& [file, transfer] : transfers) CheckSomethingMatches(net, file, transfer);
  if (!Caffe::root_solver()) return;
  vector<string> loaded;
  for (const auto& [file, transfer] : transfers) {
    LogLayers("Loaded from " + file, transfer.loaded);
    LogLayers("Not loaded from " + file + ", as their shapes differ", transfer.mismatched);
    LogLayers("Not used of " + file + ", as the net has no such layers", transfer.unused);
    loaded.insert(loaded.end(), transfer.loaded.begin(), transfer.loaded.end());
  }
  const vector<string> fresh = LayersWithoutWeights(net, loaded);
  LOG_IF(WARNING, !fresh.empty())
      << "No weights for some layers, which are initialised from scratch " << LayerList(fresh);
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
