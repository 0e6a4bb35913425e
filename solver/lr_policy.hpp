#ifndef CAFFE_SOLVER_LR_POLICY_HPP_
#define CAFFE_SOLVER_LR_POLICY_HPP_

#include <cstdint>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// The learning rate as a function of the iteration, k, counted from 0.
///
///   fixed      base_lr
///   step       base_lr * gamma^floor(k / stepsize)
///   exp        base_lr * gamma^k
///   inv        base_lr * (1 + gamma * k)^(-power)
///   multistep  base_lr * gamma^s; s grows by one, at most once an iteration, where k has
///              reached stepvalue[s]
///   poly       base_lr * (1 - k / max_iter)^power
///   sigmoid    base_lr / (1 + exp(-gamma * (k - stepsize)))
///   cosine     from base_lr at warmup_iter to min_lr at max_iter, along half a cosine
///
/// During the first warmup_iter iterations the policy's rate is multiplied by a factor that
/// rises linearly from warmup_start_factor to 1.
class LrPolicy {
 public:
  /// Throws Error for a policy that does not exist and for values that it cannot work with.
  explicit LrPolicy(const SolverParameter& param);

  /// @param current_step  in and out, the number of decays so far (step, multistep); part of
  ///                      a solver's state
  double Rate(int64_t iteration, int* current_step) const;

  /// The iterations at which the rate falls, in rising order; only step and multistep have
  /// such points. Those that training does not reach (max_iter) are left out.
  std::vector<int64_t> Decays() const;

  const std::string& name() const { return name_; }

 private:
  enum class Kind { kFixed, kStep, kExp, kInv, kMultistep, kPoly, kSigmoid, kCosine };

  void Check() const;
  double PolicyRate(int64_t iteration, int* current_step) const;
  double WarmupFactor(int64_t iteration) const;

  std::string name_;
  Kind kind_;
  double base_lr_, gamma_, power_, min_lr_, warmup_start_factor_;
  int64_t stepsize_, max_iter_, warmup_iter_;
  std::vector<int64_t> stepvalue_;
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_LR_POLICY_HPP_
