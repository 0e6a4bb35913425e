#include "caffe/cli/plan_report.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "caffe/cli/channel_picture.hpp"
#include "caffe/cli/text_table.hpp"
#include "solver/eligibility_table.hpp"

namespace caffe::cli {

namespace {

using Param = ChannelDropBackParameter;

std::string YesNo(bool value) { return value ? "true" : "false"; }

std::string JoinIterations(const std::vector<int64_t>& iterations) {
  constexpr size_t kMost = 6;
  std::string text;
  for (size_t i = 0; i < std::min(iterations.size(), kMost); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(iterations[i]);
  }
  if (iterations.size() > kMost) text += ", ... (" + std::to_string(iterations.size()) + ")";
  return text;
}

std::string LearningRateText(const SolverParameter& solver, const LrPolicy& policy) {
  std::string text = policy.name() + " from " + ShortNumber(solver.base_lr());
  const std::vector<int64_t> decays = policy.Decays();
  if (!decays.empty()) text += ", falls at " + JoinIterations(decays);
  if (solver.warmup_iter() > 0) text += ", warm-up to " + std::to_string(solver.warmup_iter());
  return text;
}

std::string SkipText(const DropOptions& options) {
  return options.skip_parameters < 0 ? std::to_string(options.skip_layers)
                                     : "- (skip_parameters counts)";
}

/// `count` entries of a list, evenly spread, the first and the last among them.
std::vector<int64_t> Thinned(const std::vector<int64_t>& list, size_t count) {
  if (list.size() <= count) return list;
  std::vector<int64_t> thinned;
  for (size_t i = 0; i < count; ++i) thinned.push_back(list[i * (list.size() - 1) / (count - 1)]);
  return thinned;
}

}  // namespace

std::string OptionsText(const SolverParameter& solver, const DropForecast& forecast) {
  const Param& param = solver.channel_dropback_param();
  const DropOptions& options = forecast.method().options();
  TextTable table("lll", 2);
  const auto add = [&table](const std::string& name, const std::string& value, bool is_set) {
    table.Add({name, value, is_set ? "set" : ""});
  };
  add("semantics", Param::Semantics_Name(options.semantics), param.has_semantics());
  add("base", options.base, param.has_base());
  add("selection", Param::Selection_Name(options.selection), param.has_selection());
  add("distribution", Param::Distribution_Name(options.distribution), param.has_distribution());
  add("layer_drop_rate", options.layer_drop_rate.ShortDebugString(), param.has_layer_drop_rate());
  add("channel_drop_rate", options.channel_drop_rate.ShortDebugString(),
      param.has_channel_drop_rate());
  add("skip_layers", SkipText(options), param.has_skip_layers());
  if (options.skip_parameters >= 0) {
    add("skip_parameters", std::to_string(options.skip_parameters), param.has_skip_parameters());
  }
  add("channel_axis", Param::ChannelAxis_Name(options.channel_axis), param.has_channel_axis());
  add("channel_count", Param::ChannelCount_Name(options.channel_count), param.has_channel_count());
  add("all_dropped", Param::AllDropped_Name(options.all_dropped), param.has_all_dropped());
  add("mask", Param::Mask_Name(options.mask), param.has_mask());
  add("rescale", YesNo(options.rescale), param.has_rescale());
  add("drop_bias", YesNo(options.drop_bias), param.has_drop_bias());
  add("freeze_unselected", YesNo(options.freeze_unselected), param.has_freeze_unselected());
  add("lr_outside_momentum", YesNo(options.lr_outside_momentum), param.has_lr_outside_momentum());
  return "options ('set': by the solver's file; the others are defaults)\n" + table.ToText() +
         "\nlearning rate: " + LearningRateText(solver, forecast.lr_policy()) + "\n";
}

std::string LayersText(const Eligibility& eligibility, const DropOptions& options) {
  TextTable table("lllrl", 2);
  table.Add({"layer", "type", "weights", "channels", "eligible"});
  for (const EligibilityLine& line : EligibilityTable(eligibility)) {
    table.Add({line.layer, line.type, line.weights, line.channels, line.verdict});
  }
  std::ostringstream text;
  text << "layers: " << eligibility.layers.size() << " of " << eligibility.rows.size()
       << " with weights are eligible, with " << WithCommas(eligibility.num_channels)
       << " channels\n"
       << (options.selection == Param::ONE_LAYER
               ? "(probability: of being the layer that an iteration draws; the layer drop rate "
                 "then decides)\n"
               : "(probability: factor of the layer drop rate, which decides about each layer by "
                 "itself)\n")
       << table.ToText();
  return text.str();
}

std::vector<int64_t> RateTableIterations(const DropForecast& forecast) {
  constexpr size_t kMostChanges = 24;
  constexpr int kParts = 8;
  const int64_t last = forecast.max_iter() - 1;
  std::set<int64_t> all = {0, last};
  for (int i = 1; i < kParts; ++i) all.insert(last * i / kParts);
  const std::vector<int64_t> changes = Thinned(forecast.Changes(), kMostChanges);
  all.insert(changes.begin(), changes.end());
  return {all.begin(), all.end()};
}

std::string RatesText(const DropForecast& forecast) {
  TextTable table("rrrrrrl", 2);
  table.Add({"iteration", "learning rate", "layer rate", "channel rate", "channels", "weights"});
  const std::vector<int64_t> changes = forecast.Changes();
  for (const int64_t iteration : RateTableIterations(forecast)) {
    const DropForecast::Point point = forecast.At(iteration);
    const bool is_change = std::binary_search(changes.begin(), changes.end(), iteration);
    table.Add({std::to_string(iteration), ShortNumber(point.learning_rate),
               ShortNumber(point.rates.layer), ShortNumber(point.rates.channel),
               PercentText(point.shares.channels), PercentText(point.shares.weights),
               is_change ? "change" : ""});
  }
  const DropShares mean = forecast.MeanShares();
  table.Add({"mean", "", "", "", PercentText(mean.channels), PercentText(mean.weights)});
  return "rates, and the share that an iteration is expected to mask, of the channels of eligible\n"
         "layers and of all " +
         WithCommas(forecast.all_weights()) + " trained weights of the net" +
         (forecast.method().options().freeze_unselected ? ", with those that are frozen\n" : "\n") +
         table.ToText();
}

std::string PlansText(const DropForecast& forecast, uint64_t seed, int count) {
  const Eligibility& eligibility = forecast.method().eligibility();
  TextTable table("rlrl", 2);
  table.Add({"iteration", "layer", "dropped", "channels"});
  int found = 0;
  int64_t next = 0;  // behind the last plan that was drawn
  for (int64_t k = 0; k < forecast.max_iter() && found < count; ++k) {
    const DropPlan plan = forecast.Plan(seed, k);
    if (plan.selected.empty()) continue;
    std::string iteration = std::to_string(k);
    for (const DropPlan::Selected& selected : plan.selected) {
      const EligibleLayer& layer = eligibility.layers[selected.layer];
      std::string dropped =
          std::to_string(selected.dropped_channels) + " of " + std::to_string(layer.channels);
      std::string name = layer.name;
      for (const std::string& line : ChannelPicture(plan, layer)) {
        table.Add({iteration, name, dropped, line});
        iteration = name = dropped = "";
      }
    }
    next = k + 1;
    ++found;
  }
  std::ostringstream text;
  text << "the first " << found << (found == 1 ? " plan" : " plans")
       << " that choose a layer, out of " << WithCommas(next)
       << (next == 1 ? " iteration" : " iterations") << ", with random_seed " << seed
       << "\n(a character shows 8 channels; a dot is a channel that is updated)\n";
  if (found == 0)
    return "no iteration chooses a layer, with random_seed " + std::to_string(seed) + "\n";
  return text.str() + table.ToText();
}

namespace {

/// Iterations to draw a curve through: evenly spread ones, and both sides of each change.
std::vector<int64_t> ChartIterations(const DropForecast& forecast) {
  constexpr int kParts = 400;
  const int64_t last = forecast.max_iter() - 1;
  std::set<int64_t> all;
  for (int i = 0; i <= kParts; ++i) all.insert(static_cast<int64_t>(double(last) * i / kParts));
  for (const int64_t change : Thinned(forecast.Changes(), kParts)) {
    all.insert({change - 1, change});
  }
  return {all.begin(), all.end()};
}

}  // namespace

LineChart RateChart(const DropForecast& forecast, const std::string& title) {
  LineChart::Series layer{"layer drop rate", {}}, channel{"channel drop rate", {}};
  LineChart::Series learning{"learning rate", {}};
  LineChart::Series channels{"channels", {}}, weights{"weights", {}};
  double lowest = 0, highest = 0;
  for (const int64_t iteration : ChartIterations(forecast)) {
    const DropForecast::Point point = forecast.At(iteration);
    const double x = static_cast<double>(iteration);
    layer.points.emplace_back(x, point.rates.layer);
    channel.points.emplace_back(x, point.rates.channel);
    learning.points.emplace_back(x, point.learning_rate);
    channels.points.emplace_back(x, 100 * point.shares.channels);
    weights.points.emplace_back(x, 100 * point.shares.weights);
    lowest = iteration == 0 ? point.learning_rate : std::min(lowest, point.learning_rate);
    highest = std::max(highest, point.learning_rate);
  }
  constexpr double kLogFrom = 20;
  LineChart chart;
  chart.title = title;
  chart.x_label = "iteration";
  chart.x_max = static_cast<double>(forecast.max_iter());
  chart.panels = {
      {"drop rates", {layer, channel}, false, ""},
      {"learning rate", {learning}, lowest > 0 && highest / lowest > kLogFrom, ""},
      {"expected share that is masked in an iteration", {channels, weights}, false, " %"}};
  return chart;
}

}  // namespace caffe::cli
