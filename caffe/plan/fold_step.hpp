#ifndef CAFFE_PLAN_FOLD_STEP_HPP_
#define CAFFE_PLAN_FOLD_STEP_HPP_

#include <memory>

#include "caffe/plan/execution_plan.hpp"

namespace caffe {

/// The step of a convolution and the layers behind it that FindNormLayers finds, in a net of phase
/// TEST: the normalisation by stored statistics is folded into the convolution's weights, and the
/// convolution adds the residual and applies the activation. Null where `layer` does not begin such
/// layers. The step runs on the CPU on single precision where an engine has such a pass, and
/// declines otherwise. It has no backward pass of its own, so it declines once it was asked for
/// one.
template <typename Dtype>
std::unique_ptr<PlanStep> FindFoldStep(const Net<Dtype>& net, int layer,
                                       const PlanOptions& options);

}  // namespace caffe

#endif  // CAFFE_PLAN_FOLD_STEP_HPP_
