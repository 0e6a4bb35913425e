#ifndef CAFFE_SOLVER_PARAM_ACTIONS_HPP_
#define CAFFE_SOLVER_PARAM_ACTIONS_HPP_

#include <cstdint>
#include <memory>
#include <vector>

#include "caffe/wanted_gradient.hpp"
#include "solver/drop_plan.hpp"
#include "solver/element_action.hpp"

namespace caffe {

/// Which elements of a parameter the keep bits of a drop plan speak of: element i belongs to
/// channel (i / inner) % channels, whose bit is bit c % 32 of keep word first_word + c / 32.
struct ParamMask {
  int param_id = 0;
  int64_t inner = 1;
  int channels = 0;
  int first_word = 0;
};

/// What one iteration does to a parameter.
struct ParamAction {
  /// Factor of its gradient (`rescale`).
  double gradient_factor = 1;
  /// For elements whose keep bit is set, and for those whose bit is not. Parameters without a
  /// mask are kept.
  ElementAction kept = kWholeUpdate, dropped = kWholeUpdate;

  bool operator==(const ParamAction&) const = default;
};

/// The masks of all layers that can be dropped from: their weights and, with drop_bias, their
/// biases.
std::vector<ParamMask> ParamMasks(const Eligibility& eligibility);

/// What the plan means for each of the net's learnable parameters, in their order.
///
/// In a chosen layer a dropped channel loses what `mask` says: UPDATE the change of its weights,
/// GRADIENT its gradient, SKIP everything. `rescale` divides the gradient of whatever has a mask
/// by the share of channels that is kept; where none is kept, it leaves it. With
/// `freeze_unselected`, and a layer chosen, the weights of all parameters but the chosen
/// layers' stand still; their history fares as that of a dropped channel.
/// Source: paper, section 3.2 (UPDATE, frozen layers); its authors' published code (GRADIENT,
/// rescale).
std::vector<ParamAction> ParamActions(const DropPlan& plan, const Eligibility& eligibility,
                                      const DropOptions& options, int num_params);

/// What the actions use of each parameter's gradient; null: all of it.
/// @param masks  one for each parameter; without channels where no keep bits speak of it
std::vector<std::shared_ptr<const WantedGradient>> WantedGradientsOf(
    const std::vector<ParamAction>& actions, const std::vector<ParamMask>& masks,
    const std::vector<uint32_t>& keep_words);

}  // namespace caffe

#endif  // CAFFE_SOLVER_PARAM_ACTIONS_HPP_
