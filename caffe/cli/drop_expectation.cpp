#include "caffe/cli/drop_expectation.hpp"

#include <cmath>
#include <map>
#include <numeric>

namespace caffe::cli {

using Param = ChannelDropBackParameter;

namespace {

int64_t MaskedCount(const EligibleLayer& layer, const std::vector<int64_t>& param_counts) {
  const int64_t bias = layer.bias_id < 0 ? 0 : param_counts[layer.bias_id];
  return param_counts[layer.learnable_id] + bias;
}

int64_t OwnedCount(const EligibleLayer& layer, const std::vector<int64_t>& param_counts) {
  int64_t count = 0;
  for (const int id : layer.param_ids) count += param_counts[id];
  return count;
}

}  // namespace

DropExpectation::DropExpectation(const Eligibility& eligibility, const DropOptions& options,
                                 const std::vector<int64_t>& param_counts)
    : options_(options),
      all_weights_(std::accumulate(param_counts.begin(), param_counts.end(), int64_t{0})) {
  const double all_weights = static_cast<double>(all_weights_);
  std::map<int, Group> groups;
  for (const EligibleLayer& layer : eligibility.layers) {
    Group& group = groups.try_emplace(layer.channels, Group{layer.channels}).first->second;
    group.channel_share += layer.probability * layer.channels / eligibility.num_channels;
    group.weight_share += layer.probability * MaskedCount(layer, param_counts) / all_weights;
    owned_share_ += layer.probability * OwnedCount(layer, param_counts) / all_weights;
    probabilities_.push_back(layer.probability);
  }
  for (const auto& [channels, group] : groups) groups_.push_back(group);
}

DropShares DropExpectation::At(const DropRates& rates) const {
  DropShares shares;
  for (const Group& group : groups_) {
    const double dropped = rates.layer * DroppedPart(group.channels, rates.channel);
    shares.channels += dropped * group.channel_share;
    shares.weights += dropped * group.weight_share;
  }
  if (options_.freeze_unselected) {
    shares.weights += ProbabilityOfAny(rates.layer) - rates.layer * owned_share_;
  }
  return shares;
}

double DropExpectation::ProbabilityOfAny(double layer_rate) const {
  if (options_.selection == Param::ONE_LAYER) return layer_rate;
  double none = 1;
  for (const double probability : probabilities_) none *= 1 - layer_rate * probability;
  return 1 - none;
}

double DropExpectation::DroppedPart(int channels, double rate) const {
  const bool spares_last = options_.all_dropped == Param::DROP_NONE;
  if (options_.channel_count == Param::EXACT) {
    const long count = std::lround(rate * channels);
    return spares_last && count == channels ? 0 : static_cast<double>(count) / channels;
  }
  return spares_last ? rate - std::pow(rate, channels) : rate;
}

}  // namespace caffe::cli
