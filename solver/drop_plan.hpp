#ifndef CAFFE_SOLVER_DROP_PLAN_HPP_
#define CAFFE_SOLVER_DROP_PLAN_HPP_

#include <cstdint>
#include <vector>

#include "solver/eligibility.hpp"

namespace caffe {

/// The two rates in force in an iteration, in [0, 1].
struct DropRates {
  double layer = 0;
  double channel = 0;
};

/// What one iteration leaves out.
struct DropPlan {
  struct Selected {
    int layer;  // index in Eligibility::layers
    int dropped_channels;
  };

  int64_t iteration = -1;
  DropRates rates;
  /// The layers chosen to be dropped from, in net order.
  std::vector<Selected> selected;
  /// A bit for each channel, 1 = updated. Channel c of a layer is bit c % 32 of word
  /// first_word + c / 32; bits beyond a layer's channels are 1.
  std::vector<uint32_t> keep_words;
  int64_t dropped_channels = 0;

  bool keeps(const EligibleLayer& layer, int channel) const {
    return keep_words[layer.first_word + channel / 32] >> (channel % 32) & 1;
  }
};

/// Draws the plan of an iteration: a pure function of its arguments, whatever the device, the
/// rank or the number of threads.
///
/// All draws are keyed by (seed, purpose, layer name, iteration), so that a layer's draws do
/// not depend on the other layers. ONE_LAYER holds a race: layer i finishes after
/// -log(u_i) / weight_i and the first one is chosen, so with probability weight_i / sum of
/// weights; another layer in the net changes the choice only where it wins itself.
/// Source: paper, section 3.1 (choice of layer and channels), 3.3 (rates); Efraimidis and
/// Spirakis, "Weighted random sampling with a reservoir" (the race).
DropPlan DrawDropPlan(uint64_t seed, int64_t iteration, const Eligibility& eligibility,
                      const DropOptions& options, const DropRates& rates);

}  // namespace caffe

#endif  // CAFFE_SOLVER_DROP_PLAN_HPP_
