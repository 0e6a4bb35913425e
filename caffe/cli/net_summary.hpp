#ifndef CAFFE_CLI_NET_SUMMARY_HPP_
#define CAFFE_CLI_NET_SUMMARY_HPP_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "caffe/cli/memory_forecast.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe::cli {

struct LayerSummary {
  std::string name;
  std::string type;
  std::vector<std::vector<int>> outputs;
  /// Learnable numbers that this layer owns; BatchNorm's statistics are not learned.
  int64_t parameters = 0;
  /// Multiply-adds of a forward pass of one image.
  int64_t multiply_adds = 0;
};

struct NetSummary {
  std::string name;
  Phase phase = TRAIN;
  /// Images in a batch: axis 0 of the first input.
  int batch = 1;
  std::vector<LayerSummary> layers;
  int64_t parameters = 0;
  int64_t multiply_adds = 0;
  /// Bytes, for a batch, of the blobs between layers and of the gradients that training needs
  /// of them; of all weights; of the weights' gradients and of momentum, as SGD has it.
  int64_t data_bytes = 0;
  int64_t gradient_bytes = 0;
  int64_t weight_bytes = 0;
  int64_t weight_gradient_bytes = 0;
  int64_t history_bytes = 0;
  /// Of a pass by the plan of the `caffe` command, at its peak.
  PassMemory pass;
};

/// What to call the layers of a net, by name; in the net's order for layers of one name.
using LayerTypes = std::map<std::string, std::vector<std::string>>;

/// Builds the net, without filling its weights, and counts.
/// @param net         filtered, and needs no data set (see ReplaceDataLayers)
/// @param layer_types of the layers before some were replaced
NetSummary Summarize(const NetParameter& net, const LayerTypes& layer_types);

/// A table with a line for each layer, and the totals.
std::string ToText(const NetSummary& summary);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_NET_SUMMARY_HPP_
