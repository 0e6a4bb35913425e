#ifndef CAFFE_SOLVER_SGD_SOLVERS_HPP_
#define CAFFE_SOLVER_SGD_SOLVERS_HPP_

#include <memory>
#include <string>
#include <vector>

#include "solver/lr_policy.hpp"
#include "solver/param_actions.hpp"
#include "solver/solver.hpp"
#include "solver/update_rule.hpp"

namespace caffe {

class ChannelDropBack;
class DropSchedule;
struct ChannelBits;
template <typename Dtype>
class FusedUpdate;

/// Gradient descent with momentum, and the base of all solvers that work parameter by
/// parameter: learning-rate policy, clipping, accumulation, weight decay, history, and the
/// masks of ChannelDropBack and of learning-rate dropout, where `channel_dropback_param` and
/// `lr_dropout_param` ask for them.
///
/// The library's own solvers update all parameters in one fused pass. A subclass of a user
/// goes through the virtual steps ClipGradients, then for each parameter Normalize,
/// Regularize, ComputeUpdateValue, as in Caffe; what it leaves in the diffs is masked and
/// subtracted from the weights. It sees gradients as the method's options want them: masked and
/// rescaled; what it does to the history of weights that are to stand still is undone. Only
/// lr_outside_momentum is up to ComputeUpdateValue: one that does not call this class's is
/// refused under that option.
template <typename Dtype>
class SGDSolver : public Solver<Dtype> {
 public:
  explicit SGDSolver(const SolverParameter& param);
  explicit SGDSolver(const string& param_file);
  ~SGDSolver() override;

  const char* type() const override { return "SGD"; }

  /// What the rule remembers: one blob per learnable parameter, in their order; rules with two
  /// numbers of memory have all the first ones, then all the second ones.
  const vector<shared_ptr<Blob<Dtype>>>& history() { return history_; }

  void ApplyUpdate() override;
  /// The rate of the iteration about to be applied; counts current_step up where it falls.
  Dtype GetLearningRate();

  /// The method's state, or null if this solver drops nothing.
  const ChannelDropBack* channel_dropback() const { return channel_dropback_.get(); }

 protected:
  /// For the library's solvers with another rule, which is named as the solver's `type`.
  SGDSolver(const SolverParameter& param, const string& rule);
  SGDSolver(const string& param_file, const string& rule);

  /// Allocates the history, checks the settings of the update.
  void PreSolve();
  /// Throws Error if the rule cannot work with the solver's settings.
  void CheckRule() const;
  void CheckReady() override;
  void PrepareIteration() override;
  vector<shared_ptr<const WantedGradient>> WantedGradients() override;

  /// Scales all gradients down if their common L2 norm exceeds clip_gradients.
  virtual void ClipGradients();
  /// diff /= iter_size.
  virtual void Normalize(int param_id);
  /// diff += the gradient of the weight decay's penalty.
  virtual void Regularize(int param_id);
  /// diff = what is to be subtracted from the weights.
  virtual void ComputeUpdateValue(int param_id, Dtype rate);

  uint64_t StateBytes() const override;
  virtual void SnapshotSolverState(const string& model_filename) override;
  virtual void SnapshotSolverStateToBinaryProto(const string& model_filename);
  virtual void SnapshotSolverStateToHDF5(const string& model_filename);
  virtual void RestoreSolverStateFromHDF5(const string& state_file) override;
  virtual void RestoreSolverStateFromBinaryProto(const string& state_file) override;

  /// history_ is the rule's memory between iterations; update_ and temp_ are scratch blobs
  /// for subclasses (their memory is allocated at first use).
  vector<shared_ptr<Blob<Dtype>>> history_, update_, temp_;

 private:
  /// Whether the object is exactly one of the library's solvers, so that no step of the
  /// pipeline is overridden.
  bool IsLibrarySolver() const;
  /// The factor that brings the norm of all gradients down to clip_gradients; 1 if it is not
  /// above.
  Dtype ClipScale();
  void ApplyFusedUpdate(Dtype rate);
  void ApplyPipeline(Dtype rate);
  void MakeFusedUpdate();
  /// Warns where the state was written with other settings of the learning rate.
  void WarnOfRateChange(const SolverState& state) const;
  void SetUpDropBack(const string& rule);
  void SetUpLrDropout();
  /// Brings the drop plan up to the current iteration.
  void DrawPlan();
  /// What this iteration's plan means for each parameter.
  std::vector<ParamAction> Actions() const;
  /// Masks and rescales the diffs, and takes the factors out of the actions.
  void PrepareGradients(std::vector<ParamAction>* actions);
  /// One parameter's steps of the pipeline, from the gradient to what is to be subtracted.
  void RunSteps(int param_id, Dtype rate, const ParamAction& action);
  /// diff = what the rule subtracts at learning rate eta.
  template <typename Device>
  void ApplyRule(int param_id, Dtype eta);
  /// Multiplies the diffs of kept and of dropped channels.
  void ScaleDiff(int param_id, Dtype kept_factor, Dtype dropped_factor);
  /// Copies of a parameter's history, if any of it is to stand still.
  vector<shared_ptr<Blob<Dtype>>> SaveHistory(int param_id, const ParamAction& action) const;
  /// Zeroes the diffs of the weights that learning-rate dropout leaves where they are.
  void DropSingleWeights();
  /// Brings the history of dropped channels back.
  void RestoreHistory(int param_id, const vector<shared_ptr<Blob<Dtype>>>& saved);
  /// The keep bits of a parameter, readable by the device.
  template <typename Device>
  ChannelBits BitsOf(int param_id);
  Dtype LocalDecay(int param_id) const;

  UpdateRule rule_;
  /// Whether this class's ComputeUpdateValue was called since it was last set to false.
  bool followed_rule_ = false;
  Regularization regularization_ = Regularization::kL2;
  std::unique_ptr<LrPolicy> lr_policy_;
  std::unique_ptr<ChannelDropBack> channel_dropback_;
  /// The drop rate of learning-rate dropout, or null.
  std::unique_ptr<DropSchedule> lr_dropout_;
  std::unique_ptr<FusedUpdate<Dtype>> fused_update_;
  /// For each parameter; without channels where no keep bits speak of it.
  std::vector<ParamMask> param_masks_;
  /// The plan's keep words for the steps of the pipeline, if they were asked for already.
  std::unique_ptr<SyncedMemory> word_memory_;
  bool has_words_ = false;

  DISABLE_COPY_AND_ASSIGN(SGDSolver);
};

/// Momentum that looks ahead.
template <typename Dtype>
class NesterovSolver : public SGDSolver<Dtype> {
 public:
  explicit NesterovSolver(const SolverParameter& param) : SGDSolver<Dtype>(param, "Nesterov") {}
  explicit NesterovSolver(const string& param_file) : SGDSolver<Dtype>(param_file, "Nesterov") {}
  const char* type() const override { return "Nesterov"; }

  DISABLE_COPY_AND_ASSIGN(NesterovSolver);
};

/// Steps divided by the root of the sum of all squared gradients; without momentum.
template <typename Dtype>
class AdaGradSolver : public SGDSolver<Dtype> {
 public:
  explicit AdaGradSolver(const SolverParameter& param) : SGDSolver<Dtype>(param, "AdaGrad") {}
  explicit AdaGradSolver(const string& param_file) : SGDSolver<Dtype>(param_file, "AdaGrad") {}
  const char* type() const override { return "AdaGrad"; }

 protected:
  /// Throws Error for settings that the rule cannot follow.
  void constructor_sanity_check() { this->CheckRule(); }

  DISABLE_COPY_AND_ASSIGN(AdaGradSolver);
};

/// Steps divided by the root of the running mean of squared gradients (rms_decay); without
/// momentum.
template <typename Dtype>
class RMSPropSolver : public SGDSolver<Dtype> {
 public:
  explicit RMSPropSolver(const SolverParameter& param) : SGDSolver<Dtype>(param, "RMSProp") {}
  explicit RMSPropSolver(const string& param_file) : SGDSolver<Dtype>(param_file, "RMSProp") {}
  const char* type() const override { return "RMSProp"; }

 protected:
  /// Throws Error for settings that the rule cannot follow.
  void constructor_sanity_check() { this->CheckRule(); }

  DISABLE_COPY_AND_ASSIGN(RMSPropSolver);
};

/// Steps in proportion to the size of past updates; momentum is the decay of both means.
template <typename Dtype>
class AdaDeltaSolver : public SGDSolver<Dtype> {
 public:
  explicit AdaDeltaSolver(const SolverParameter& param) : SGDSolver<Dtype>(param, "AdaDelta") {}
  explicit AdaDeltaSolver(const string& param_file) : SGDSolver<Dtype>(param_file, "AdaDelta") {}
  const char* type() const override { return "AdaDelta"; }

 protected:
  /// A zeroed history of two blobs a parameter: all means of gradients, then all of updates.
  void AdaDeltaPreSolve() { this->PreSolve(); }

  DISABLE_COPY_AND_ASSIGN(AdaDeltaSolver);
};

/// Means of gradients (momentum) and of their squares (momentum2).
template <typename Dtype>
class AdamSolver : public SGDSolver<Dtype> {
 public:
  explicit AdamSolver(const SolverParameter& param) : SGDSolver<Dtype>(param, "Adam") {}
  explicit AdamSolver(const string& param_file) : SGDSolver<Dtype>(param_file, "Adam") {}
  const char* type() const override { return "Adam"; }

 protected:
  /// A zeroed history of two blobs a parameter: all means of gradients, then all of squares.
  void AdamPreSolve() { this->PreSolve(); }

  DISABLE_COPY_AND_ASSIGN(AdamSolver);
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_SGD_SOLVERS_HPP_
