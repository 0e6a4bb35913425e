#include "caffe/cli/drop_expectation.hpp"

#include <cmath>
#include <map>

namespace caffe::cli {

using Param = ChannelDropBackParameter;

DropExpectation::DropExpectation(const Eligibility& eligibility, const DropOptions& options,
                                 const std::vector<int64_t>& weights, int64_t all_weights)
    : channel_count_(options.channel_count), all_dropped_(options.all_dropped) {
  std::map<int, Group> groups;
  for (size_t i = 0; i < eligibility.layers.size(); ++i) {
    const EligibleLayer& layer = eligibility.layers[i];
    Group& group = groups.try_emplace(layer.channels, Group{layer.channels}).first->second;
    group.channel_share += layer.probability * layer.channels / eligibility.num_channels;
    group.weight_share += layer.probability * weights[i] / all_weights;
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
  return shares;
}

double DropExpectation::DroppedPart(int channels, double rate) const {
  const bool spares_last = all_dropped_ == Param::DROP_NONE;
  if (channel_count_ == Param::EXACT) {
    const long count = std::lround(rate * channels);
    return spares_last && count == channels ? 0 : static_cast<double>(count) / channels;
  }
  return spares_last ? rate - std::pow(rate, channels) : rate;
}

}  // namespace caffe::cli
