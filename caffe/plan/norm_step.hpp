#ifndef CAFFE_PLAN_NORM_STEP_HPP_
#define CAFFE_PLAN_NORM_STEP_HPP_

#include <memory>

#include "caffe/plan/execution_plan.hpp"

namespace caffe {

/// The step of a BatchNorm layer and as many as follow it directly of: a Scale in place that
/// learns a value for each channel, an Eltwise that adds another blob, a ReLU in place, a Split.
/// Null where `layer` is not the start of at least two of these. The step runs on the CPU on single
/// precision in channel blocks, and declines otherwise.
/// @param forward_only  nothing is kept for a backward pass
template <typename Dtype>
std::unique_ptr<PlanStep> FindNormStep(const Net<Dtype>& net, int layer, bool forward_only);

}  // namespace caffe

#endif  // CAFFE_PLAN_NORM_STEP_HPP_
