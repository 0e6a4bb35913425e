#ifndef CAFFE_CLI_DROP_FORECAST_HPP_
#define CAFFE_CLI_DROP_FORECAST_HPP_

#include <cstdint>
#include <vector>

#include "caffe/cli/drop_expectation.hpp"
#include "caffe/net.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/lr_policy.hpp"

namespace caffe::cli {

/// What ChannelDropBack is going to do in a training run, as far as it is known before the run.
class DropForecast {
 public:
  struct Point {
    int64_t iteration;
    double learning_rate;
    DropRates rates;
    DropShares shares;
  };

  /// @param solver  with at least one iteration; @param net  the one that it trains, of which
  /// only the shapes matter. All three must outlive this.
  /// Throws Error for a learning-rate policy that does not work.
  DropForecast(const SolverParameter& solver, const ChannelDropBack& method, const Net<float>& net);

  int64_t max_iter() const { return max_iter_; }
  /// Trained numbers of the net.
  int64_t all_weights() const { return expectation_.all_weights(); }
  const LrPolicy& lr_policy() const { return lr_policy_; }
  const ChannelDropBack& method() const { return method_; }

  /// The rates of an iteration in [0, max_iter), and what to expect of them.
  Point At(int64_t iteration) const;
  /// Mean of the shares over all iterations. Runs of more than a million are sampled evenly.
  DropShares MeanShares() const;
  /// Iterations after the first one at which a rate jumps or bends, in rising order.
  std::vector<int64_t> Changes() const;
  /// The plan that the run will draw.
  DropPlan Plan(uint64_t seed, int64_t iteration) const;

 private:
  const ChannelDropBack& method_;
  int64_t max_iter_;
  LrPolicy lr_policy_;
  std::vector<int64_t> decays_;
  std::vector<int64_t> warmup_end_;
  DropExpectation expectation_;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_DROP_FORECAST_HPP_
