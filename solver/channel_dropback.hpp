#ifndef CAFFE_SOLVER_CHANNEL_DROPBACK_HPP_
#define CAFFE_SOLVER_CHANNEL_DROPBACK_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "solver/drop_options.hpp"
#include "solver/drop_plan.hpp"
#include "solver/drop_schedule.hpp"
#include "solver/eligibility.hpp"

namespace caffe {

/// What was masked since the last such count.
struct DropCount {
  struct Hit {
    std::string layer;
    int64_t iterations;
  };
  /// In force in the last iteration.
  DropRates rates;
  int64_t iterations = 0;
  int num_layers = 0;
  /// Masked channels out of all channels of eligible layers, in [0, 1].
  double share = 0;
  /// The layers that were chosen at all, the most frequent first.
  std::vector<Hit> hits;
};

/// The line that is logged at each display.
std::string ToText(const DropCount& count);

/// The method for one run: in each iteration randomly chosen channels of randomly chosen
/// layers are left out of the update. Composes options, schedules, eligibility and drop plans;
/// the solver that owns it applies the plan. Keeps count of what was masked.
class ChannelDropBack {
 public:
  /// Throws Error for options that contradict each other, that name no layer, or that leave
  /// no layer eligible.
  ChannelDropBack(const ChannelDropBackParameter& param, const TrainingRun& run,
                  const std::vector<LearnableLayer>& layers);

  /// Makes plan() that of the iteration; drawn once, and counted once.
  void Draw(uint64_t seed, int64_t iteration);
  const DropPlan& plan() const { return plan_; }

  const DropOptions& options() const { return options_; }
  const Eligibility& eligibility() const { return eligibility_; }
  DropRates Rates(int64_t iteration) const;
  /// The iterations after the first one at which a schedule of the rates jumps or bends, in
  /// rising order.
  std::vector<int64_t> RateChanges() const;

  /// The lines that are logged at start: the options in force and a table of all layers with
  /// weights, eligible or why not.
  std::vector<std::string> Table() const;
  /// What was masked since the last call.
  DropCount TakeCount();

 private:
  /// One line: the options in force.
  std::string Summary() const;

  DropOptions options_;
  Eligibility eligibility_;
  DropSchedule layer_schedule_;
  DropSchedule channel_schedule_;
  DropPlan plan_;
  uint64_t plan_seed_ = 0;
  int64_t counted_iterations_ = 0;
  int64_t counted_channels_ = 0;
  std::vector<int64_t> layer_hits_;  // iterations in which each eligible layer was chosen
};

/// "SGD" or what else the parameter wraps, with the default of its reading.
std::string BaseOf(const ChannelDropBackParameter& param);

}  // namespace caffe

#endif  // CAFFE_SOLVER_CHANNEL_DROPBACK_HPP_
