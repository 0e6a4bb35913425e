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
  /// Of all weights of the net that are trained, biases and batch norm's included. With
  /// freeze_unselected what stands still because another layer was chosen counts as masked.
  double weights = 0;
};

/// The expectation of DrawDropPlan over all seeds, exactly.
///
/// Layer i, with n_i channels, is chosen with probability r p_i: r is the layer drop rate, p_i
/// EligibleLayer::probability. Of the channels of a chosen layer the following share, d_i, is
/// dropped, with the channel drop rate q:
///
///   BERNOULLI  q;                 with DROP_NONE  q - q^n_i
///   EXACT      round(q n_i)/n_i;  with DROP_NONE  the same, but 0 where it is 1
///
/// Masked weights: sum of r p_i d_i w_i, where w_i counts the weights that belong to channels (and
/// biases with drop_bias). freeze_unselected adds A P - sum of r p_i o_i: A counts all weights,
/// o_i those that the layer owns, and P is the probability that any layer is chosen, r with
/// ONE_LAYER and 1 - product of (1 - r p_i) with EACH_LAYER.
class DropExpectation {
 public:
  /// @param param_counts  trained numbers in each of the net's learnable parameters
  DropExpectation(const Eligibility& eligibility, const DropOptions& options,
                  const std::vector<int64_t>& param_counts);

  DropShares At(const DropRates& rates) const;

  /// Trained numbers of the net.
  int64_t all_weights() const { return all_weights_; }

 private:
  /// All layers with the same number of channels.
  struct Group {
    int channels;
    /// Sums over the layers of probability * share of the channels (the weights).
    double channel_share = 0;
    double weight_share = 0;
  };

  double DroppedPart(int channels, double rate) const;
  double ProbabilityOfAny(double layer_rate) const;

  DropOptions options_;
  int64_t all_weights_;
  std::vector<Group> groups_;
  std::vector<double> probabilities_;
  /// Sum over the layers of probability * share of all weights that the layer owns.
  double owned_share_ = 0;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_DROP_EXPECTATION_HPP_
