#include "solver/drop_options.hpp"

#include "caffe/error.hpp"

namespace caffe {

namespace {

using Param = ChannelDropBackParameter;

DropRateParameter FixedRate(float value) {
  DropRateParameter rate;
  rate.set_policy("fixed");
  rate.set_value(value);
  return rate;
}

DropRateParameter RisingRate(const std::string& policy, float initial, float final) {
  DropRateParameter rate;
  rate.set_policy(policy);
  rate.set_initial(initial);
  rate.set_final(final);
  return rate;
}

/// Paper, sections 3.3 and 4.2. Where the learning rate has no falls to follow, a straight
/// line over the whole run takes the place of the steps.
DropRateParameter PaperLayerRate(const std::vector<int64_t>& decays, int64_t max_iter) {
  if (!decays.empty()) return RisingRate("adaptive", 0.01f, 0.3f);
  Require(max_iter > 0,
          "channel_dropback_param: the default layer_drop_rate follows the falls of "
          "the learning rate, or max_iter where there are none; set max_iter or layer_drop_rate");
  DropRateParameter rate = RisingRate("linear", 0.01f, 0.3f);
  rate.set_start_iter(0);
  rate.set_end_iter(static_cast<int>(max_iter));
  return rate;
}

DropOptions PaperDefaults(const Param& param, const std::vector<int64_t>& decays,
                          int64_t max_iter) {
  DropOptions options;
  options.skip_layers = param.has_skip_parameters() ? 0 : 4;
  if (!param.has_layer_drop_rate()) options.layer_drop_rate = PaperLayerRate(decays, max_iter);
  options.channel_drop_rate = FixedRate(0.5f);
  return options;
}

DropOptions ReferenceDefaults(const Param& param) {
  DropOptions options;
  options.semantics = Param::REFERENCE;
  options.base = "Nesterov";
  options.selection = Param::EACH_LAYER;
  options.channel_axis = Param::INPUT;
  options.all_dropped = Param::DROP_NONE;
  options.mask = Param::GRADIENT;
  options.rescale = true;
  options.lr_outside_momentum = true;
  if (!param.has_skip_layers()) options.skip_parameters = 3;
  options.layer_drop_rate = RisingRate("reference", 0.03f, 0.3f);
  options.channel_drop_rate = FixedRate(0.3f);
  return options;
}

DropOptions::LayerRule ReadRule(const Param::LayerRule& param) {
  Require(!param.name().empty(), "channel_dropback_param: a 'layer' entry has no name");
  Require(param.weight() > 0, "channel_dropback_param: layer '", param.name(), "' has weight ",
          param.weight(), "; weights must be above 0 (to leave a layer out: eligible: false)");
  return {param.name(), param.has_eligible(), param.eligible(), param.weight()};
}

}  // namespace

DropOptions ResolveDropOptions(const Param& param, const std::vector<int64_t>& decays,
                               int64_t max_iter) {
  Require(!(param.has_skip_layers() && param.has_skip_parameters()),
          "channel_dropback_param: skip_layers and skip_parameters are both set; choose one");
  DropOptions options = param.semantics() == Param::REFERENCE
                            ? ReferenceDefaults(param)
                            : PaperDefaults(param, decays, max_iter);
  if (param.has_base()) options.base = param.base();
  if (param.has_selection()) options.selection = param.selection();
  if (param.has_distribution()) options.distribution = param.distribution();
  if (param.has_channel_axis()) options.channel_axis = param.channel_axis();
  if (param.has_channel_count()) options.channel_count = param.channel_count();
  if (param.has_all_dropped()) options.all_dropped = param.all_dropped();
  if (param.has_mask()) options.mask = param.mask();
  if (param.has_rescale()) options.rescale = param.rescale();
  if (param.has_drop_bias()) options.drop_bias = param.drop_bias();
  if (param.has_freeze_unselected()) options.freeze_unselected = param.freeze_unselected();
  if (param.has_lr_outside_momentum()) options.lr_outside_momentum = param.lr_outside_momentum();
  if (param.has_skip_layers()) options.skip_layers = param.skip_layers();
  if (param.has_skip_parameters()) options.skip_parameters = param.skip_parameters();
  if (param.has_layer_drop_rate()) options.layer_drop_rate = param.layer_drop_rate();
  if (param.has_channel_drop_rate()) options.channel_drop_rate = param.channel_drop_rate();
  for (const Param::LayerRule& rule : param.layer()) options.rules.push_back(ReadRule(rule));
  return options;
}

void CheckSupported(const DropOptions& options) {
  std::string wanted;
  const auto add = [&wanted](bool is_wanted, const std::string& text) {
    if (is_wanted) wanted += (wanted.empty() ? "" : ", ") + text;
  };
  add(options.mask != Param::UPDATE, "mask: " + Param::Mask_Name(options.mask));
  add(options.rescale, "rescale: true");
  add(options.drop_bias, "drop_bias: true");
  add(options.freeze_unselected, "freeze_unselected: true");
  add(options.lr_outside_momentum, "lr_outside_momentum: true");
  Require(wanted.empty(), "channel_dropback_param",
          options.semantics == Param::REFERENCE ? " (semantics: REFERENCE)" : "", " asks for ",
          wanted, "; this version masks the update only (mask: UPDATE, the others false)");
}

}  // namespace caffe
