#ifndef CAFFE_SCALE_KERNELS_HPP_
#define CAFFE_SCALE_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// The sizes of an [outer, dim, inner] array whose middle axis has its own scale or bias.
struct ScaleShape {
  int64_t outer;
  int64_t dim;
  int64_t inner;
};

/// y = x * scale + bias; scale and bias are [dim], bias may be null. x is also written to
/// `keep` if that is not null. x and y may be the same.
template <class Device, class Dtype>
void scale_forward(ScaleShape shape, const Dtype* x, const Dtype* scale, const Dtype* bias,
                   Dtype* y, Dtype* keep);

/// dx = dy * scale; dx and dy may be the same.
template <class Device, class Dtype>
void scale_backward(ScaleShape shape, const Dtype* scale, const Dtype* dy, Dtype* dx);

/// dscale = old_scale * dscale + sum of dy * x, dbias = old_bias * dbias + sum of dy, each
/// [dim], in one sweep; either result may be null. Sums are accumulated in double.
template <class Device, class Dtype>
void scale_parameter_gradients(ScaleShape shape, const Dtype* x, const Dtype* dy, Dtype old_scale,
                               Dtype* dscale, Dtype old_bias, Dtype* dbias);

/// y = x + bias, bias is [dim]; x and y may be the same.
template <class Device, class Dtype>
void bias_forward(ScaleShape shape, const Dtype* x, const Dtype* bias, Dtype* y);

/// dbias = old * dbias + sum of dy. The sum is accumulated in double.
template <class Device, class Dtype>
void bias_gradient(ScaleShape shape, const Dtype* dy, Dtype old, Dtype* dbias);

}  // namespace caffe

#endif  // CAFFE_SCALE_KERNELS_HPP_
