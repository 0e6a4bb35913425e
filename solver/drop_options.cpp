#include "solver/drop_options.hpp"

#include <cmath>

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
DropRateParameter PaperLayerRate(const TrainingRun& run) {
  if (!run.decays.empty()) return RisingRate("adaptive", 0.01f, 0.3f);
  DropRateParameter rate = RisingRate("linear", 0.01f, 0.3f);
  rate.set_start_iter(0);
  rate.set_end_iter(static_cast<int>(run.max_iter));
  return rate;
}

DropOptions PaperDefaults(const Param& param, const TrainingRun& run) {
  DropOptions options;
  options.skip_layers = param.has_skip_parameters() ? 0 : 4;
  options.layer_drop_rate = PaperLayerRate(run);
  options.channel_drop_rate = FixedRate(0.5f);
  return options;
}

DropOptions ReferenceDefaults(const Param& param, const TrainingRun& run) {
  DropOptions options;
  options.semantics = Param::REFERENCE;
  options.selection = Param::EACH_LAYER;
  options.channel_axis = Param::INPUT;
  options.all_dropped = Param::DROP_NONE;
  options.mask = Param::GRADIENT;
  options.rescale = true;
  options.lr_outside_momentum = run.has_velocity;
  if (!param.has_skip_layers()) options.skip_parameters = 3;
  options.layer_drop_rate = RisingRate("reference", 0.03f, 0.3f);
  options.channel_drop_rate = FixedRate(0.3f);
  return options;
}

/// What the user wrote replaces the default, or, without a policy and a value, changes it.
void ReadRate(bool is_set, const DropRateParameter& param, DropRateParameter* rate) {
  if (!is_set) return;
  if (param.has_policy() || param.has_value()) rate->Clear();
  rate->MergeFrom(param);
}

/// The epochs of the first two falls of the learning rate, or what stands for them; empty if
/// nothing does.
std::vector<int> Milestones(const TrainingRun& run, int64_t iterations_per_epoch) {
  const double epoch = static_cast<double>(iterations_per_epoch);
  const double run_epochs = run.max_iter / epoch;
  const double first = run.decays.size() >= 2 ? run.decays[0] / epoch : 0.3 * run_epochs;
  const double second = run.decays.size() >= 2 ? run.decays[1] / epoch : 0.6 * run_epochs;
  const std::vector<int> epochs = {static_cast<int>(std::lround(first)),
                                   static_cast<int>(std::lround(second))};
  return epochs[0] < epochs[1] ? epochs : std::vector<int>();
}

void CompleteReference(const std::string& field, const TrainingRun& run, DropRateParameter* rate) {
  if (rate->policy() != "reference") return;
  const std::string context = "channel_dropback_param." + field + " (policy 'reference'): ";
  if (!rate->has_iterations_per_epoch()) {
    Require(
        run.iterations_per_epoch > 0, context,
        "the training net has no data layer that knows how many iterations make an epoch. Add ",
        field,
        " { iterations_per_epoch: N milestone: A milestone: B } to channel_dropback_param: N is "
        "the number of training samples / batch size, A and B are the epochs in which the "
        "learning rate falls first and second");
    rate->set_iterations_per_epoch(static_cast<int>(run.iterations_per_epoch));
  }
  if (rate->milestone_size() > 0 || rate->iterations_per_epoch() <= 0) return;
  const std::vector<int> epochs = Milestones(run, rate->iterations_per_epoch());
  Require(!epochs.empty(), context,
          "neither two falls of the learning rate in different epochs nor max_iter (", run.max_iter,
          ", ", rate->iterations_per_epoch(), " iterations an epoch) say when the rate rises. Add ",
          field,
          " { milestone: A milestone: B } to channel_dropback_param, two epochs after which it "
          "does");
  for (const int epoch : epochs) rate->add_milestone(epoch);
}

DropOptions::LayerRule ReadRule(const Param::LayerRule& param) {
  Require(!param.name().empty(), "channel_dropback_param: a 'layer' entry has no name");
  Require(param.weight() > 0 && std::isfinite(param.weight()), "channel_dropback_param: layer '",
          param.name(), "' has weight ", param.weight(),
          "; weights must be above 0 and finite (to leave a layer out: eligible: false)");
  return {param.name(), param.has_eligible(), param.eligible(), param.weight()};
}

void CheckFit(const DropOptions& options, const TrainingRun& run) {
  Require(
      !options.drop_bias || options.channel_axis == Param::OUTPUT,
      "channel_dropback_param: drop_bias drops the bias of an output, but channel_axis is INPUT",
      options.semantics == Param::REFERENCE ? " (as semantics REFERENCE has it)" : "",
      "; set channel_axis: OUTPUT or leave drop_bias out");
  Require(!options.lr_outside_momentum || run.has_velocity,
          "channel_dropback_param: lr_outside_momentum is for rules with a velocity (SGD, "
          "Nesterov); ",
          run.rule, " has none");
}

}  // namespace

DropOptions ResolveDropOptions(const Param& param, const TrainingRun& run) {
  Require(!(param.has_skip_layers() && param.has_skip_parameters()),
          "channel_dropback_param: skip_layers and skip_parameters are both set; choose one");
  DropOptions options = param.semantics() == Param::REFERENCE ? ReferenceDefaults(param, run)
                                                              : PaperDefaults(param, run);
  options.base = run.rule;
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
  ReadRate(param.has_layer_drop_rate(), param.layer_drop_rate(), &options.layer_drop_rate);
  ReadRate(param.has_channel_drop_rate(), param.channel_drop_rate(), &options.channel_drop_rate);
  Require(options.layer_drop_rate.policy() != "linear" || options.layer_drop_rate.end_iter() > 0 ||
              param.layer_drop_rate().has_policy(),
          "channel_dropback_param: the default layer_drop_rate follows the falls of the learning "
          "rate, or max_iter where there are none; set max_iter or layer_drop_rate");
  CompleteReference("layer_drop_rate", run, &options.layer_drop_rate);
  CompleteReference("channel_drop_rate", run, &options.channel_drop_rate);
  for (const Param::LayerRule& rule : param.layer()) options.rules.push_back(ReadRule(rule));
  CheckFit(options, run);
  return options;
}

}  // namespace caffe
