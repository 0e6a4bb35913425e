#include "solver/lr_policy.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "caffe/error.hpp"

namespace caffe {

LrPolicy::LrPolicy(const SolverParameter& param)
    : name_(param.lr_policy()),
      base_lr_(param.base_lr()),
      gamma_(param.gamma()),
      power_(param.power()),
      min_lr_(param.min_lr()),
      warmup_start_factor_(param.warmup_start_factor()),
      stepsize_(param.stepsize()),
      max_iter_(param.max_iter()),
      warmup_iter_(param.warmup_iter()),
      stepvalue_(param.stepvalue().begin(), param.stepvalue().end()) {
  static const std::map<std::string, Kind> kinds = {
      {"fixed", Kind::kFixed},     {"step", Kind::kStep},           {"exp", Kind::kExp},
      {"inv", Kind::kInv},         {"multistep", Kind::kMultistep}, {"poly", Kind::kPoly},
      {"sigmoid", Kind::kSigmoid}, {"cosine", Kind::kCosine}};
  const auto found = kinds.find(name_);
  if (found == kinds.end()) {
    throw Error(name_.empty() ? "the solver has no lr_policy" : "unknown lr_policy '" + name_ + "'",
                "; set it to one of: fixed, step, exp, inv, multistep, poly, sigmoid, cosine");
  }
  kind_ = found->second;
  Check();
}

void LrPolicy::Check() const {
  const auto context = [this] { return "lr_policy '" + name_ + "': "; };
  const bool uses_gamma = kind_ == Kind::kStep || kind_ == Kind::kExp || kind_ == Kind::kInv ||
                          kind_ == Kind::kMultistep || kind_ == Kind::kSigmoid;
  Require(!uses_gamma || gamma_ >= 0, context(), "gamma is ", gamma_, ", it must not be negative");
  const bool uses_stepsize = kind_ == Kind::kStep || kind_ == Kind::kSigmoid;
  Require(!uses_stepsize || stepsize_ > 0, context(), "stepsize is ", stepsize_,
          ", it must be above 0");
  const bool uses_max_iter = kind_ == Kind::kPoly || kind_ == Kind::kCosine;
  Require(!uses_max_iter || max_iter_ > 0, context(), "max_iter is ", max_iter_,
          ", it must be above 0");
  Require(kind_ != Kind::kMultistep || std::is_sorted(stepvalue_.begin(), stepvalue_.end()),
          context(), "the values of stepvalue must rise");
  Require(std::isfinite(base_lr_), context(), "base_lr is ", base_lr_);
  Require(warmup_iter_ >= 0, "warmup_iter is ", warmup_iter_, ", it must not be negative");
  Require(warmup_start_factor_ >= 0 && warmup_start_factor_ <= 1, "warmup_start_factor is ",
          warmup_start_factor_, ", it must be in [0, 1]");
  Require(kind_ != Kind::kCosine || warmup_iter_ < max_iter_, context(), "warmup_iter (",
          warmup_iter_, ") must be below max_iter (", max_iter_, ")");
}

double LrPolicy::Rate(int64_t iteration, int* current_step) const {
  return WarmupFactor(iteration) * PolicyRate(iteration, current_step);
}

double LrPolicy::WarmupFactor(int64_t iteration) const {
  if (iteration >= warmup_iter_) return 1;
  return warmup_start_factor_ +
         (1 - warmup_start_factor_) * static_cast<double>(iteration) / warmup_iter_;
}

double LrPolicy::PolicyRate(int64_t iteration, int* current_step) const {
  const double k = static_cast<double>(iteration);
  switch (kind_) {
    case Kind::kFixed:
      return base_lr_;
    case Kind::kStep:
      *current_step = static_cast<int>(iteration / stepsize_);
      return base_lr_ * std::pow(gamma_, *current_step);
    case Kind::kExp:
      return base_lr_ * std::pow(gamma_, k);
    case Kind::kInv:
      return base_lr_ * std::pow(1 + gamma_ * k, -power_);
    case Kind::kMultistep:
      if (*current_step < static_cast<int>(stepvalue_.size()) &&
          iteration >= stepvalue_[*current_step]) {
        ++*current_step;
      }
      return base_lr_ * std::pow(gamma_, *current_step);
    case Kind::kPoly:
      return base_lr_ * std::pow(1 - k / max_iter_, power_);
    case Kind::kSigmoid:
      return base_lr_ / (1 + std::exp(-gamma_ * (k - stepsize_)));
    case Kind::kCosine: {
      const double part =
          std::clamp((k - warmup_iter_) / static_cast<double>(max_iter_ - warmup_iter_), 0.0, 1.0);
      return min_lr_ + (base_lr_ - min_lr_) * 0.5 * (1 + std::cos(M_PI * part));
    }
  }
  return base_lr_;
}

std::vector<int64_t> LrPolicy::Decays() const {
  std::vector<int64_t> decays;
  if (kind_ == Kind::kStep) {
    for (int64_t k = stepsize_; k < max_iter_; k += stepsize_) decays.push_back(k);
  } else if (kind_ == Kind::kMultistep) {
    for (const int64_t value : stepvalue_) {
      // Equal step values take effect one iteration after the other.
      const int64_t k = decays.empty() ? value : std::max(value, decays.back() + 1);
      if (max_iter_ <= 0 || k < max_iter_) decays.push_back(k);
    }
  }
  return decays;
}

}  // namespace caffe
