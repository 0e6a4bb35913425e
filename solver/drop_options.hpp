#ifndef CAFFE_SOLVER_DROP_OPTIONS_HPP_
#define CAFFE_SOLVER_DROP_OPTIONS_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Every choice of the ChannelDropBack method, with the defaults of the chosen reading filled
/// in. The meaning of each is described in proto/caffe.proto, ChannelDropBackParameter.
struct DropOptions {
  using Param = ChannelDropBackParameter;

  /// One `layer` entry. The last entry whose pattern fits a layer decides about it.
  struct LayerRule {
    std::string pattern;
    bool sets_eligible = false;  // whether `eligible` was written
    bool eligible = true;
    double weight = 1;
  };

  Param::Semantics semantics = Param::PAPER;
  std::string base = "SGD";
  Param::Selection selection = Param::ONE_LAYER;
  Param::Distribution distribution = Param::UNIFORM;
  Param::ChannelAxis channel_axis = Param::OUTPUT;
  Param::ChannelCount channel_count = Param::BERNOULLI;
  Param::AllDropped all_dropped = Param::DROP_ALL;
  Param::Mask mask = Param::UPDATE;
  bool rescale = false;
  bool drop_bias = false;
  bool freeze_unselected = false;
  bool lr_outside_momentum = false;
  /// The first layers that are never dropped.
  int64_t skip_layers = 0;
  /// If not negative: weights whose number among all learnable tensors, from 0, is at most
  /// this are never dropped.
  int64_t skip_parameters = -1;
  std::vector<LayerRule> rules;
  DropRateParameter layer_drop_rate;
  DropRateParameter channel_drop_rate;
};

/// What the defaults and the schedules follow.
struct TrainingRun {
  /// The update rule that is wrapped, and whether it has a velocity that the learning rate can
  /// be inside or outside of.
  std::string rule = "SGD";
  bool has_velocity = true;
  /// The iterations at which the learning rate falls, in rising order.
  std::vector<int64_t> decays;
  /// 0: unknown, as in the next.
  int64_t max_iter = 0;
  int64_t iterations_per_epoch = 0;
};

/// Fills in what `param` leaves open.
///
/// A drop rate without policy and value changes single fields of the reading's default. A
/// `reference` schedule takes iterations_per_epoch from the run, and as milestones the epochs of
/// the first two falls of the learning rate; where it falls less often, the epochs at 0.3 and
/// 0.6 of the run (published training script).
/// Throws Error for contradicting options, and for a `reference` schedule that the run does not
/// complete.
DropOptions ResolveDropOptions(const ChannelDropBackParameter& param, const TrainingRun& run);

}  // namespace caffe

#endif  // CAFFE_SOLVER_DROP_OPTIONS_HPP_
