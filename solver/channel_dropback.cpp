#include "solver/channel_dropback.hpp"

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

#include "solver/eligibility_table.hpp"

namespace caffe {

ChannelDropBack::ChannelDropBack(const ChannelDropBackParameter& param, const TrainingRun& run,
                                 const std::vector<LearnableLayer>& layers)
    : options_(ResolveDropOptions(param, run)),
      eligibility_(FindEligible(layers, options_)),
      layer_schedule_("channel_dropback_param.layer_drop_rate", options_.layer_drop_rate,
                      run.decays),
      channel_schedule_("channel_dropback_param.channel_drop_rate", options_.channel_drop_rate,
                        run.decays),
      layer_hits_(eligibility_.layers.size()) {}

DropRates ChannelDropBack::Rates(int64_t iteration) const {
  return {layer_schedule_.Rate(iteration), channel_schedule_.Rate(iteration)};
}

std::vector<int64_t> ChannelDropBack::RateChanges() const {
  std::set<int64_t> changes;
  for (const DropSchedule* schedule : {&layer_schedule_, &channel_schedule_}) {
    const std::vector<int64_t> list = schedule->Changes();
    changes.insert(list.begin(), list.end());
  }
  return {changes.begin(), changes.end()};
}

void ChannelDropBack::Draw(uint64_t seed, int64_t iteration) {
  if (plan_.iteration == iteration && plan_seed_ == seed) return;
  plan_ = DrawDropPlan(seed, iteration, eligibility_, options_, Rates(iteration));
  plan_seed_ = seed;
  ++counted_iterations_;
  counted_channels_ += plan_.dropped_channels;
  for (const DropPlan::Selected& selected : plan_.selected) ++layer_hits_[selected.layer];
}

DropCount ChannelDropBack::TakeCount() {
  DropCount count;
  count.rates = plan_.rates;
  count.iterations = counted_iterations_;
  count.num_layers = static_cast<int>(eligibility_.layers.size());
  const double all = static_cast<double>(eligibility_.num_channels) * counted_iterations_;
  if (all > 0) count.share = counted_channels_ / all;
  for (size_t i = 0; i < layer_hits_.size(); ++i) {
    if (layer_hits_[i] > 0) count.hits.push_back({eligibility_.layers[i].name, layer_hits_[i]});
  }
  std::stable_sort(count.hits.begin(), count.hits.end(),
                   [](const auto& a, const auto& b) { return a.iterations > b.iterations; });
  counted_iterations_ = 0;
  counted_channels_ = 0;
  layer_hits_.assign(layer_hits_.size(), 0);
  return count;
}

std::string ToText(const DropCount& count) {
  constexpr size_t kMostNames = 4;
  std::ostringstream text;
  text << "    ChannelDropBack: layer drop rate = " << count.rates.layer
       << ", channel drop rate = " << count.rates.channel << ", masked " << 100 * count.share
       << " % of channels in " << count.iterations
       << (count.iterations == 1 ? " iteration" : " iterations")
       << ", layers hit: " << count.hits.size() << " of " << count.num_layers;
  for (size_t i = 0; i < std::min(count.hits.size(), kMostNames); ++i) {
    text << (i == 0 ? " (" : ", ") << count.hits[i].layer << " x" << count.hits[i].iterations;
  }
  if (count.hits.size() > kMostNames) text << ", ...";
  if (!count.hits.empty()) text << ")";
  return text.str();
}

namespace {

std::string ScheduleText(const DropRateParameter& rate) {
  return "{ " + rate.ShortDebugString() + " }";
}

std::string SkipText(const DropOptions& options) {
  if (options.skip_parameters >= 0) {
    return ", skip_parameters " + std::to_string(options.skip_parameters);
  }
  return ", skip_layers " + std::to_string(options.skip_layers);
}

}  // namespace

std::string ChannelDropBack::Summary() const {
  using Param = ChannelDropBackParameter;
  std::ostringstream text;
  text << "ChannelDropBack: semantics " << Param::Semantics_Name(options_.semantics) << ", base "
       << options_.base << ", selection " << Param::Selection_Name(options_.selection)
       << ", distribution " << Param::Distribution_Name(options_.distribution)
       << ", layer_drop_rate " << ScheduleText(options_.layer_drop_rate) << ", channel_drop_rate "
       << ScheduleText(options_.channel_drop_rate) << ", channel_axis "
       << Param::ChannelAxis_Name(options_.channel_axis) << ", channel_count "
       << Param::ChannelCount_Name(options_.channel_count) << ", all_dropped "
       << Param::AllDropped_Name(options_.all_dropped) << ", mask "
       << Param::Mask_Name(options_.mask);
  if (options_.rescale) text << ", rescale";
  if (options_.drop_bias) text << ", drop_bias";
  if (options_.freeze_unselected) text << ", freeze_unselected";
  if (options_.lr_outside_momentum) text << ", lr_outside_momentum";
  text << SkipText(options_) << "; " << eligibility_.layers.size() << " eligible layers with "
       << eligibility_.num_channels << " channels";
  return text.str();
}

std::vector<std::string> ChannelDropBack::Table() const {
  std::vector<std::vector<std::string>> cells = {{"layer", "type", "weights", "channels"}};
  std::vector<std::string> verdicts = {"eligible"};
  for (const EligibilityLine& line : EligibilityTable(eligibility_)) {
    cells.push_back({line.layer, line.type, line.weights, line.channels});
    verdicts.push_back(line.verdict);
  }
  std::vector<size_t> widths(cells[0].size(), 0);
  for (const auto& line : cells) {
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }

  std::vector<std::string> lines = {Summary()};
  for (size_t r = 0; r < cells.size(); ++r) {
    std::ostringstream line;
    line << "    " << std::left;
    for (size_t c = 0; c < widths.size(); ++c) {
      line << std::setw(static_cast<int>(widths[c]) + 2) << cells[r][c];
    }
    line << verdicts[r];
    lines.push_back(line.str());
  }
  return lines;
}

std::string BaseOf(const ChannelDropBackParameter& param) {
  if (param.has_base()) return param.base();
  return param.semantics() == ChannelDropBackParameter::REFERENCE ? "Nesterov" : "SGD";
}

}  // namespace caffe
