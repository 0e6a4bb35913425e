#ifndef CAFFE_SOFTMAX_KERNELS_HPP_
#define CAFFE_SOFTMAX_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// The sizes of an [outer, classes, inner] array.
struct ClassShape {
  int64_t outer;
  int64_t classes;
  int64_t inner;
};

/// y = exp(x - max) / (sum of exp(x - max)) along the classes; x and y may be the same.
/// @param scratch  [outer, inner]
template <class Device, class Dtype>
void softmax_forward(ClassShape shape, const Dtype* x, Dtype* scratch, Dtype* y);

/// dx = (dy - sum of dy * y) * y, the sum along the classes; dx and dy may be the same.
/// @param scratch  [outer, inner]
template <class Device, class Dtype>
void softmax_backward(ClassShape shape, const Dtype* y, const Dtype* dy, Dtype* scratch, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_SOFTMAX_KERNELS_HPP_
