#include "solver/channel_dropback.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "caffe/blob.hpp"

namespace caffe {

ChannelDropBack::ChannelDropBack(const ChannelDropBackParameter& param,
                                 const std::vector<int64_t>& decays, int64_t max_iter,
                                 const std::vector<LearnableLayer>& layers)
    : options_(ResolveDropOptions(param, decays, max_iter)),
      eligibility_(FindEligible(layers, options_)),
      layer_schedule_("channel_dropback_param.layer_drop_rate", options_.layer_drop_rate, decays),
      channel_schedule_("channel_dropback_param.channel_drop_rate", options_.channel_drop_rate,
                        decays) {
  CheckSupported(options_);
}

DropRates ChannelDropBack::Rates(int64_t iteration) const {
  return {layer_schedule_.Rate(iteration), channel_schedule_.Rate(iteration)};
}

void ChannelDropBack::Draw(uint64_t seed, int64_t iteration) {
  if (plan_.iteration == iteration && plan_seed_ == seed) return;
  plan_ = DrawDropPlan(seed, iteration, eligibility_, options_, Rates(iteration));
  plan_seed_ = seed;
  ++counted_iterations_;
  counted_channels_ += plan_.dropped_channels;
}

std::string ChannelDropBack::Status() {
  const double all = static_cast<double>(eligibility_.num_channels) * counted_iterations_;
  std::ostringstream text;
  text << "    ChannelDropBack: layer drop rate = " << plan_.rates.layer
       << ", channel drop rate = " << plan_.rates.channel << ", masked "
       << (all > 0 ? 100 * counted_channels_ / all : 0) << " % of channels in "
       << counted_iterations_ << (counted_iterations_ == 1 ? " iteration" : " iterations");
  counted_iterations_ = 0;
  counted_channels_ = 0;
  return text.str();
}

namespace {

std::string ScheduleText(const DropRateParameter& rate) {
  return "{ " + rate.ShortDebugString() + " }";
}

std::string Verdict(const EligibilityRow& row, const Eligibility& eligibility) {
  if (row.eligible_index < 0) return "no: " + row.reason;
  std::ostringstream text;
  text << "yes, probability " << eligibility.layers[row.eligible_index].probability;
  return text.str();
}

std::string ChannelsOf(const EligibilityRow& row, const Eligibility& eligibility) {
  if (row.eligible_index < 0) return "-";
  return std::to_string(eligibility.layers[row.eligible_index].channels);
}

}  // namespace

std::vector<std::string> ChannelDropBack::Table() const {
  std::vector<std::vector<std::string>> cells = {{"layer", "type", "weights", "channels"}};
  std::vector<std::string> verdicts = {"eligible"};
  for (const EligibilityRow& row : eligibility_.rows) {
    cells.push_back(
        {row.name, row.type, ShapeText(row.weight_shape), ChannelsOf(row, eligibility_)});
    verdicts.push_back(Verdict(row, eligibility_));
  }
  std::vector<size_t> widths(cells[0].size(), 0);
  for (const auto& line : cells) {
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }

  using Param = ChannelDropBackParameter;
  std::ostringstream head;
  head << "ChannelDropBack: semantics " << Param::Semantics_Name(options_.semantics)
       << ", selection " << Param::Selection_Name(options_.selection) << ", layer_drop_rate "
       << ScheduleText(options_.layer_drop_rate) << ", channel_drop_rate "
       << ScheduleText(options_.channel_drop_rate) << "; " << eligibility_.layers.size()
       << " eligible layers with " << eligibility_.num_channels << " channels";
  std::vector<std::string> lines = {head.str()};
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
