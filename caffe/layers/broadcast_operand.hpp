#ifndef CAFFE_BROADCAST_OPERAND_HPP_
#define CAFFE_BROADCAST_OPERAND_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layers/scale_kernels.hpp"

namespace caffe {

/// Shape of the learned operand of Scale and Bias: the bottom's dimensions
/// [axis, axis + num_axes); num_axes -1 means to the end, 0 a scalar.
/// Throws Error if there are not so many.
template <typename Dtype>
vector<int> LearnedOperandShape(const Blob<Dtype>& bottom, int axis, int num_axes) {
  if (num_axes == 0) return {};
  const int first = bottom.CanonicalAxisIndex(axis);
  Require(num_axes >= -1, "num_axes is ", num_axes, ", but has to be -1 (all that follow) or more");
  const int end = num_axes == -1 ? bottom.num_axes() : first + num_axes;
  Require(end <= bottom.num_axes(), "axis ", axis, " and num_axes ", num_axes, " go up to axis ",
          end, ", but the bottom, ", ShapeText(bottom.shape()), ", has ", bottom.num_axes(),
          " axes");
  return vector<int>(bottom.shape().begin() + first, bottom.shape().begin() + end);
}

/// Sizes of the bottom around an operand that is broadcast from `axis` on; a scalar operand
/// goes with any axis. Throws Error if the dimensions differ.
template <typename Dtype>
ScaleShape BroadcastShape(const Blob<Dtype>& bottom, const Blob<Dtype>& operand, int axis) {
  const int first = operand.num_axes() == 0 ? 0 : bottom.CanonicalAxisIndex(axis);
  const int end = first + operand.num_axes();
  bool fits = end <= bottom.num_axes();
  for (int i = first; fits && i < end; ++i) fits = bottom.shape(i) == operand.shape(i - first);
  Require(fits, "an operand of ", ShapeText(operand.shape()), " does not fit the bottom, ",
          ShapeText(bottom.shape()), ", from axis ", first, " on. Its dimensions have to be equal");
  return ScaleShape{
      .outer = bottom.count(0, first), .dim = operand.count(), .inner = bottom.count(end)};
}

}  // namespace caffe

#endif  // CAFFE_BROADCAST_OPERAND_HPP_
