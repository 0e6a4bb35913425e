#ifndef CAFFE_PLAN_EXECUTION_PLAN_HPP_
#define CAFFE_PLAN_EXECUTION_PLAN_HPP_

#include <memory>
#include <vector>

#include "caffe/common.hpp"
#include "caffe/plan/plan_options.hpp"

namespace caffe {

template <typename Dtype>
class Net;

/// Layers first() to last() of a net, run as one operation.
class PlanStep {
 public:
  PlanStep(int first, int last) : first_(first), last_(last) {}
  virtual ~PlanStep() = default;

  int first() const { return first_; }
  int last() const { return last_; }

  /// @return false, having done nothing, where the layers have to run one by one
  virtual bool Forward() = 0;
  /// Whether the last forward pass over these layers was Forward's. Then the gradients are
  /// Backward's work as well.
  bool ran() const { return ran_; }
  virtual void Backward() = 0;
  /// Puts the layers in the state that a forward pass one by one would have left, for a caller
  /// that goes on with single layers.
  virtual void HandOver() = 0;
  /// Lets go of all memory that the forward pass kept. Backward or HandOver need another one.
  virtual void Forget() = 0;
  void set_ran(bool ran) { ran_ = ran; }

 private:
  const int first_, last_;
  bool ran_ = false;
};

/// How a net runs: most layers by themselves, some runs of layers as one step. The net's layers,
/// blobs and saved files do not know of it.
///
/// After a pass every blob's data is what its layers would have left. So are the diffs, but for
/// those of blobs between the layers of a step, which need not be kept.
template <typename Dtype>
class ExecutionPlan {
 public:
  ExecutionPlan(const Net<Dtype>& net, const PlanOptions& options);
  ~ExecutionPlan();

  /// The step that begins with a layer, or null.
  PlanStep* StartingAt(int layer) const { return starts_[layer]; }
  /// Runs a step forward. Its layers may belong to other steps as well.
  /// @return false, having done nothing, where the layers have to run one by one
  bool Forward(PlanStep* step) const;
  /// The step that ends with a layer and whose last forward pass was its own, or null.
  PlanStep* RanTo(int layer) const;
  /// To be called before a layer of any step runs by itself.
  void BeforeSingleForward(int layer) const;
  void BeforeSingleBackward(int layer) const;
  const std::vector<std::unique_ptr<PlanStep>>& steps() const { return steps_; }

 private:
  std::vector<std::unique_ptr<PlanStep>> steps_;
  /// By layer: the step that starts there, and those that contain it.
  std::vector<PlanStep*> starts_;
  std::vector<std::vector<PlanStep*>> owners_;

  DISABLE_COPY_AND_ASSIGN(ExecutionPlan);
};

}  // namespace caffe

#endif  // CAFFE_PLAN_EXECUTION_PLAN_HPP_
