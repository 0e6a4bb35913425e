#include "solver/param_actions.hpp"

namespace caffe {

namespace {

using Param = ChannelDropBackParameter;

ElementAction DroppedAction(Param::Mask mask) {
  switch (mask) {
    case Param::UPDATE:
      return ElementAction(kTakeGradient | kRenewHistory);
    case Param::GRADIENT:
      return ElementAction(kRenewHistory | kMoveWeight);
    case Param::SKIP:
      return kStandStill;
  }
  return kWholeUpdate;
}

void Freeze(ElementAction frozen, ParamAction* action) {
  action->kept = frozen;
  action->dropped = frozen;
}

}  // namespace

std::vector<ParamMask> ParamMasks(const Eligibility& eligibility) {
  std::vector<ParamMask> masks;
  for (const EligibleLayer& layer : eligibility.layers) {
    masks.push_back({layer.learnable_id, layer.inner, layer.channels, layer.first_word});
    if (layer.bias_id >= 0) masks.push_back({layer.bias_id, 1, layer.channels, layer.first_word});
  }
  return masks;
}

std::vector<ParamAction> ParamActions(const DropPlan& plan, const Eligibility& eligibility,
                                      const DropOptions& options, int num_params) {
  std::vector<ParamAction> actions(num_params);
  const ElementAction dropped = DroppedAction(options.mask);
  if (options.freeze_unselected && !plan.selected.empty()) {
    const ElementAction frozen = ElementAction(dropped & ~kMoveWeight);
    for (ParamAction& action : actions) Freeze(frozen, &action);
    for (const DropPlan::Selected& selected : plan.selected) {
      for (const int id : eligibility.layers[selected.layer].param_ids) actions[id] = {};
    }
  }
  for (const DropPlan::Selected& selected : plan.selected) {
    if (selected.dropped_channels == 0) continue;
    const EligibleLayer& layer = eligibility.layers[selected.layer];
    ParamAction action;
    action.dropped = dropped;
    const int kept_channels = layer.channels - selected.dropped_channels;
    if (options.rescale && kept_channels > 0) {
      action.gradient_factor = static_cast<double>(layer.channels) / kept_channels;
    }
    actions[layer.learnable_id] = action;
    if (layer.bias_id >= 0) actions[layer.bias_id] = action;
  }
  return actions;
}

namespace {

WantedGradient KeptChannels(const ParamMask& mask, const std::vector<uint32_t>& keep_words) {
  WantedGradient wanted{mask.inner, mask.channels, {}};
  for (int c = 0; c < mask.channels; ++c) {
    if (keep_words[mask.first_word + c / 32] >> (c % 32) & 1) wanted.kept.push_back(c);
  }
  return wanted;
}

}  // namespace

std::vector<std::shared_ptr<const WantedGradient>> WantedGradientsOf(
    const std::vector<ParamAction>& actions, const std::vector<ParamMask>& masks,
    const std::vector<uint32_t>& keep_words) {
  std::vector<std::shared_ptr<const WantedGradient>> wanted(actions.size());
  for (size_t i = 0; i < actions.size(); ++i) {
    const ParamAction& action = actions[i];
    if (!(action.kept & kTakeGradient)) {
      wanted[i] = std::make_shared<WantedGradient>();
    } else if (!(action.dropped & kTakeGradient) && masks[i].channels > 0) {
      wanted[i] = std::make_shared<WantedGradient>(KeptChannels(masks[i], keep_words));
    }
  }
  return wanted;
}

}  // namespace caffe
