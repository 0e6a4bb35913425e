#ifndef CAFFE_CLI_DROP_EXPECTATION_HPP_
#define CAFFE_CLI_DROP_EXPECTATION_HPP_

#include <cstdint>
#include <vector>

#include "solver/drop_plan.hpp"

namespace caffe::cli {

/// How much an iteration is expected to mask, in [0, 1].
struct DropShares {
  /// Of the channels of all eligible layers.
  double channels = 0;
  /// Of all weights of the net that are trained, biases and batch norm's included.
  double weights = 0;
};

/// The expectation of DrawDropPlan over all seeds, exactly.
///
/// Layer i, with n_i channels, is chosen with probability r p_i: r is the layer drop rate, p_i
/// EligibleLayer::probability. Of the channels of a chosen layer the following share is dropped,
/// with the channel drop rate q:
///
///   BERNOULLI  q;                 with DROP_NONE  q - q^n_i
///   EXACT      round(q n_i)/n_i;  with DROP_NONE  the same, but 0 where it is 1
class DropExpectation {
 public:
  /// @param weights      numbers that go with the channels of each eligible layer
  /// @param all_weights  those of the net
  DropExpectation(const Eligibility& eligibility, const DropOptions& options,
                  const std::vector<int64_t>& weights, int64_t all_weights);

  DropShares At(const DropRates& rates) const;

 private:
  /// All layers with the same number of channels.
  struct Group {
    int channels;
    /// Sums over the layers of probability * share of the channels (the weights).
    double channel_share = 0;
    double weight_share = 0;
  };

  double DroppedPart(int channels, double rate) const;

  DropOptions::Param::ChannelCount channel_count_;
  DropOptions::Param::AllDropped all_dropped_;
  std::vector<Group> groups_;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_DROP_EXPECTATION_HPP_
