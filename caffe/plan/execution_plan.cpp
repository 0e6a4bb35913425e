#include "caffe/plan/execution_plan.hpp"

#include "caffe/net.hpp"
#include "caffe/plan/norm_step.hpp"

namespace caffe {

PlanOptions& DefaultPlanOptions() {
  static PlanOptions options;
  return options;
}

template <typename Dtype>
ExecutionPlan<Dtype>::ExecutionPlan(const Net<Dtype>& net, const PlanOptions& options)
    : starts_(net.layers().size()), ends_(starts_), owners_(starts_) {
  const int layers = static_cast<int>(net.layers().size());
  for (int i = 0; options.fusion && i < layers; ++i) {
    std::unique_ptr<PlanStep> step = FindNormStep(net, i, options.forward_only);
    if (step == nullptr) continue;
    starts_[i] = step.get();
    for (; i < step->last(); ++i) owners_[i] = step.get();
    owners_[i] = ends_[i] = step.get();
    steps_.push_back(std::move(step));
  }
}

template <typename Dtype>
ExecutionPlan<Dtype>::~ExecutionPlan() = default;

template <typename Dtype>
void ExecutionPlan<Dtype>::BeforeSingleForward(int layer) const {
  // A pass that begins anew needs nothing of the last one.
  if (starts_[layer] != nullptr) starts_[layer]->set_ran(false);
  BeforeSingleBackward(layer);
}

template <typename Dtype>
void ExecutionPlan<Dtype>::BeforeSingleBackward(int layer) const {
  if (PlanStep* step = owners_[layer]; step != nullptr && step->ran()) step->HandOver();
}

INSTANTIATE_CLASS(ExecutionPlan);

}  // namespace caffe
