#ifndef CAFFE_PLAN_NORM_STEP_HPP_
#define CAFFE_PLAN_NORM_STEP_HPP_

#include <memory>

#include "caffe/plan/execution_plan.hpp"

namespace caffe {

/// The step of the layers that FindNormLayers finds; null where these are not at least two. It runs
/// on the CPU on single precision in channel blocks, and declines otherwise.
/// @param forward_only  nothing is kept for a backward pass
template <typename Dtype>
std::unique_ptr<PlanStep> FindNormStep(const Net<Dtype>& net, int layer, bool forward_only);

}  // namespace caffe

#endif  // CAFFE_PLAN_NORM_STEP_HPP_
