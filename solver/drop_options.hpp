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

/// Fills in what `param` leaves open. @param decays  where the learning rate falls;
/// @param max_iter  of the solver, both for the default schedule of the layer drop rate.
/// Throws Error for contradicting options.
DropOptions ResolveDropOptions(const ChannelDropBackParameter& param,
                               const std::vector<int64_t>& decays, int64_t max_iter);

/// Throws Error naming the options that the update cannot follow.
void CheckSupported(const DropOptions& options);

}  // namespace caffe

#endif  // CAFFE_SOLVER_DROP_OPTIONS_HPP_
