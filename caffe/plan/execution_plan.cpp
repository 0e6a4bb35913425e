#include "caffe/plan/execution_plan.hpp"

#include "caffe/net.hpp"
#include "caffe/plan/fold_step.hpp"
#include "caffe/plan/norm_step.hpp"

namespace caffe {

PlanOptions& DefaultPlanOptions() {
  static PlanOptions options;
  return options;
}

template <typename Dtype>
ExecutionPlan<Dtype>::ExecutionPlan(const Net<Dtype>& net, const PlanOptions& options)
    : starts_(net.layers().size()), owners_(starts_.size()) {
  const int layers = static_cast<int>(net.layers().size());
  for (int i = 0; options.fusion && i < layers; ++i) {
    // Where the fold declines, the layers behind the convolution are still a step of their own.
    std::unique_ptr<PlanStep> step;
    if (options.fold) step = FindFoldStep(net, i, options);
    if (step == nullptr) step = FindNormStep(net, i, options.forward_only);
    if (step == nullptr) continue;
    starts_[i] = step.get();
    for (int k = i; k <= step->last(); ++k) owners_[k].push_back(step.get());
    steps_.push_back(std::move(step));
  }
}

template <typename Dtype>
ExecutionPlan<Dtype>::~ExecutionPlan() = default;

template <typename Dtype>
bool ExecutionPlan<Dtype>::Forward(PlanStep* step) const {
  if (!step->Forward()) return false;
  for (int i = step->first(); i <= step->last(); ++i) {
    for (PlanStep* other : owners_[i]) {
      if (other != step) other->set_ran(false);
    }
  }
  return true;
}

template <typename Dtype>
PlanStep* ExecutionPlan<Dtype>::RanTo(int layer) const {
  for (PlanStep* step : owners_[layer]) {
    if (step->last() == layer && step->ran()) return step;
  }
  return nullptr;
}

template <typename Dtype>
void ExecutionPlan<Dtype>::BeforeSingleForward(int layer) const {
  // A pass that begins anew needs nothing of the last one.
  if (starts_[layer] != nullptr) starts_[layer]->set_ran(false);
  BeforeSingleBackward(layer);
}

template <typename Dtype>
void ExecutionPlan<Dtype>::BeforeSingleBackward(int layer) const {
  for (PlanStep* step : owners_[layer]) {
    if (step->ran()) step->HandOver();
  }
}

INSTANTIATE_CLASS(ExecutionPlan);

}  // namespace caffe
