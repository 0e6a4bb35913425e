#include "caffe/util/insert_splits.hpp"

#include <map>
#include <utility>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/nearest_name.hpp"

namespace caffe {

namespace {

/// A top of a layer.
using TopId = std::pair<int, int>;

/// How a net's tops are used.
struct Usage {
  /// For each layer and each of its bottoms, the top that it reads.
  std::vector<std::vector<TopId>> source;
  /// Uses of each top: readers, and the loss.
  std::map<TopId, int> uses;
};

/// The layer's own non-zero loss weight for a top, else 0.
float ExplicitLossWeight(const LayerParameter& layer, int top) {
  return top < layer.loss_weight_size() ? layer.loss_weight(top) : 0.0f;
}

[[noreturn]] void ThrowUnknownBottom(const LayerParameter& layer, int bottom,
                                     const std::map<string, TopId>& newest) {
  std::vector<string> names;
  for (const auto& entry : newest) names.push_back(entry.first);
  const string nearest = NearestName(layer.bottom(bottom), names);
  const string location =
      layer.source_location().empty() ? string() : ", " + layer.source_location();
  throw Error(layer.name(), " (", layer.type(), location, "): unknown bottom '",
              layer.bottom(bottom), "' (bottom ", bottom, ")",
              nearest.empty() ? "; no layer before it makes a top of that name"
                              : "; did you mean '" + nearest + "'?");
}

Usage CountUses(const NetParameter& param) {
  Usage usage;
  std::map<string, TopId> newest;
  for (int l = 0; l < param.layer_size(); ++l) {
    const LayerParameter& layer = param.layer(l);
    usage.source.emplace_back();
    for (int b = 0; b < layer.bottom_size(); ++b) {
      const auto top = newest.find(layer.bottom(b));
      if (top == newest.end()) ThrowUnknownBottom(layer, b, newest);
      usage.source.back().push_back(top->second);
      ++usage.uses[top->second];
    }
    for (int t = 0; t < layer.top_size(); ++t) {
      newest[layer.top(t)] = TopId(l, t);
      if (ExplicitLossWeight(layer, t) != 0) ++usage.uses[TopId(l, t)];
    }
  }
  return usage;
}

}  // namespace

void InsertSplits(const NetParameter& param, NetParameter* param_split) {
  param_split->CopyFrom(param);
  param_split->clear_layer();
  Usage usage = CountUses(param);
  std::map<TopId, int> next_use;
  for (int l = 0; l < param.layer_size(); ++l) {
    // Messages of a repeated field keep their address while others are added.
    LayerParameter* layer = param_split->add_layer();
    layer->CopyFrom(param.layer(l));
    for (int b = 0; b < layer->bottom_size(); ++b) {
      const TopId source = usage.source[l][b];
      if (usage.uses[source] > 1) {
        const LayerParameter& producer = param.layer(source.first);
        layer->set_bottom(
            b, SplitBlobName(producer.name(), layer->bottom(b), source.second, next_use[source]++));
      }
    }
    for (int t = 0; t < param.layer(l).top_size(); ++t) {
      const int uses = usage.uses[TopId(l, t)];
      if (uses <= 1) continue;
      const float loss_weight = ExplicitLossWeight(param.layer(l), t);
      ConfigureSplitLayer(param.layer(l).name(), param.layer(l).top(t), t, uses, loss_weight,
                          param_split->add_layer());
      if (loss_weight != 0) {
        // The split's first top is the loss now; the layer's other weights stay its own.
        layer->set_loss_weight(t, 0);
        next_use[TopId(l, t)] = 1;
      }
    }
  }
}

void ConfigureSplitLayer(const string& layer_name, const string& blob_name, const int blob_idx,
                         const int split_count, const float loss_weight,
                         LayerParameter* split_layer_param) {
  split_layer_param->Clear();
  split_layer_param->set_name(SplitLayerName(layer_name, blob_name, blob_idx));
  split_layer_param->set_type("Split");
  split_layer_param->add_bottom(blob_name);
  for (int use = 0; use < split_count; ++use) {
    split_layer_param->add_top(SplitBlobName(layer_name, blob_name, blob_idx, use));
    if (loss_weight != 0) split_layer_param->add_loss_weight(use == 0 ? loss_weight : 0);
  }
}

string SplitLayerName(const string& layer_name, const string& blob_name, const int blob_idx) {
  return blob_name + "_" + layer_name + "_" + std::to_string(blob_idx) + "_split";
}

string SplitBlobName(const string& layer_name, const string& blob_name, const int blob_idx,
                     const int split_idx) {
  return SplitLayerName(layer_name, blob_name, blob_idx) + "_" + std::to_string(split_idx);
}

}  // namespace caffe
