#include "solver/drop_schedule.hpp"

#include <algorithm>
#include <cmath>

#include "caffe/error.hpp"

namespace caffe {

namespace {

/// Reads the fields of one schedule and puts its name before every complaint.
class Reader {
 public:
  Reader(const std::string& field, const DropRateParameter& param)
      : context_(field + " (policy '" + param.policy() + "'): ") {}

  /// A rate that has to be there and in [0, 1].
  double Rate(const char* name, bool is_set, float value) const {
    Check(is_set, "'", name, "' is missing");
    Check(value >= 0 && value <= 1, "'", name, "' is ", value, ", a rate must be in [0, 1]");
    return value;
  }

  template <typename... Parts>
  void Check(bool condition, const Parts&... parts) const {
    Require(condition, context_, parts...);
  }

 private:
  std::string context_;
};

}  // namespace

DropSchedule::DropSchedule(const std::string& field, const DropRateParameter& param,
                           const std::vector<int64_t>& decays)
    : field_(field), policy_(param.policy()) {
  const Reader reader(field, param);
  const auto read_initial = [&] {
    return reader.Rate("initial", param.has_initial(), param.initial());
  };
  const auto read_final = [&] { return reader.Rate("final", param.has_final(), param.final()); };

  if (policy_ == "fixed") {
    pieces_ = {{0, reader.Rate("value", param.has_value(), param.value())}};
  } else if (policy_ == "adaptive") {
    initial_ = read_initial();
    final_ = read_final();
    reader.Check(!decays.empty(),
                 "it rises where the learning rate falls, but the lr_policy has no such points "
                 "within max_iter; use lr_policy 'multistep' or 'step', or drop-rate policy "
                 "'linear' or 'multistep'");
    pieces_ = {{0, initial_}};
    for (size_t k = 1; k <= decays.size(); ++k) {
      pieces_.push_back({decays[k - 1], initial_ + (final_ - initial_) * k / decays.size()});
    }
  } else if (policy_ == "reference") {
    initial_ = read_initial();
    final_ = read_final();
    reader.Check(param.iterations_per_epoch() > 0, "'iterations_per_epoch' is ",
                 param.iterations_per_epoch(), ", it must be above 0");
    reader.Check(param.milestone_size() == 2, "it needs two values of 'milestone' (epochs), ",
                 param.milestone_size(), " given");
    reader.Check(0 <= param.milestone(0) && param.milestone(0) < param.milestone(1),
                 "the milestones ", param.milestone(0), " and ", param.milestone(1),
                 " must be epochs in rising order");
    const int64_t epoch = param.iterations_per_epoch();
    pieces_ = {{0, initial_},
               {(int64_t{param.milestone(0)} + 2) * epoch, final_ / 2},
               {(int64_t{param.milestone(1)} + 2) * epoch, final_}};
  } else if (policy_ == "linear") {
    shape_ = Shape::kLinear;
    initial_ = read_initial();
    final_ = read_final();
    start_iter_ = param.start_iter();
    end_iter_ = param.end_iter();
    reader.Check(param.has_end_iter(), "'end_iter' is missing");
    reader.Check(0 <= start_iter_ && start_iter_ < end_iter_, "'start_iter' (", start_iter_,
                 ") must be at least 0 and below 'end_iter' (", end_iter_, ")");
  } else if (policy_ == "multistep") {
    initial_ = read_initial();
    reader.Check(param.stepvalue_size() == param.rate_size(), "'stepvalue' has ",
                 param.stepvalue_size(), " values, 'rate' has ", param.rate_size(),
                 "; give one rate for each step");
    pieces_ = {{0, initial_}};
    for (int i = 0; i < param.rate_size(); ++i) {
      const int64_t begin = param.stepvalue(i);
      reader.Check(begin > pieces_.back().begin, "the values of 'stepvalue' must rise, from 1 on");
      pieces_.push_back({begin, reader.Rate("rate", true, param.rate(i))});
    }
  } else if (policy_ == "curriculum") {
    shape_ = Shape::kCurriculum;
    final_ = read_final();
    gamma_ = param.gamma();
    reader.Check(gamma_ > 0, "'gamma' is ", gamma_, ", it must be above 0");
  } else {
    throw Error(field, ": unknown policy '", policy_,
                "'; use one of: fixed, adaptive, reference, linear, multistep, curriculum");
  }
}

double DropSchedule::Rate(int64_t iteration) const {
  switch (shape_) {
    case Shape::kLinear: {
      const double part = static_cast<double>(iteration - start_iter_) / (end_iter_ - start_iter_);
      return initial_ + (final_ - initial_) * std::clamp(part, 0.0, 1.0);
    }
    case Shape::kCurriculum:
      return final_ * (1 - std::exp(-gamma_ * iteration));
    case Shape::kSteps:
      break;
  }
  double rate = pieces_.front().rate;
  for (const Piece& piece : pieces_) {
    if (iteration >= piece.begin) rate = piece.rate;
  }
  return rate;
}

std::vector<int64_t> DropSchedule::Changes() const {
  std::vector<int64_t> changes;
  if (shape_ == Shape::kLinear) changes = {start_iter_, end_iter_};
  for (const Piece& piece : pieces_) changes.push_back(piece.begin);
  std::erase(changes, 0);
  return changes;
}

}  // namespace caffe
