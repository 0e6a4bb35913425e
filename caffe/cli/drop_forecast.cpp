#include "caffe/cli/drop_forecast.hpp"

#include <algorithm>
#include <set>

namespace caffe::cli {

namespace {

std::vector<int64_t> TrainedCounts(const Net<float>& net) {
  std::vector<int64_t> counts;
  for (size_t i = 0; i < net.learnable_params().size(); ++i) {
    counts.push_back(net.params_lr()[i] == 0 ? 0 : net.learnable_params()[i]->count());
  }
  return counts;
}

}  // namespace

DropForecast::DropForecast(const SolverParameter& solver, const ChannelDropBack& method,
                           const Net<float>& net)
    : method_(method),
      max_iter_(solver.max_iter()),
      lr_policy_(solver),
      decays_(lr_policy_.Decays()),
      expectation_(method.eligibility(), method.options(), TrainedCounts(net)) {
  if (solver.warmup_iter() > 0) warmup_end_.push_back(solver.warmup_iter());
}

DropForecast::Point DropForecast::At(int64_t iteration) const {
  // The policy itself counts the fall of this very iteration.
  int step = static_cast<int>(std::lower_bound(decays_.begin(), decays_.end(), iteration) -
                              decays_.begin());
  const double learning_rate = lr_policy_.Rate(iteration, &step);
  const DropRates rates = method_.Rates(iteration);
  return {iteration, learning_rate, rates, expectation_.At(rates)};
}

DropShares DropForecast::MeanShares() const {
  constexpr int64_t kMostSamples = 1 << 20;
  const int64_t stride = std::max<int64_t>(1, max_iter_ / kMostSamples);
  DropShares sum, shares;
  DropRates last;
  int64_t samples = 0;
  for (int64_t k = stride / 2; k < max_iter_; k += stride, ++samples) {
    const DropRates rates = method_.Rates(k);
    const bool is_new = rates.layer != last.layer || rates.channel != last.channel;
    if (samples == 0 || is_new) shares = expectation_.At(rates);
    last = rates;
    sum.channels += shares.channels;
    sum.weights += shares.weights;
  }
  return {sum.channels / samples, sum.weights / samples};
}

std::vector<int64_t> DropForecast::Changes() const {
  const std::vector<int64_t> rate_changes = method_.RateChanges();
  std::set<int64_t> all;
  for (const auto& list : {decays_, warmup_end_, rate_changes}) {
    all.insert(list.begin(), list.end());
  }
  return {all.lower_bound(1), all.lower_bound(max_iter_)};
}

DropPlan DropForecast::Plan(uint64_t seed, int64_t iteration) const {
  return DrawDropPlan(seed, iteration, method_.eligibility(), method_.options(),
                      method_.Rates(iteration));
}

}  // namespace caffe::cli
