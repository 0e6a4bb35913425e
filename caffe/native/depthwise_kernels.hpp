#ifndef CAFFE_NATIVE_DEPTHWISE_KERNELS_HPP_
#define CAFFE_NATIVE_DEPTHWISE_KERNELS_HPP_

#include <cstdint>

#include "caffe/util/im2col_kernels.hpp"

namespace caffe {

/// A convolution that gives every channel a filter of its own.
///   x:       num x channels x h.in x w.in
///   weights: channels x h.kernel x w.kernel
///   bias:    channels, may be null
///   y:       num x channels x h.out x w.out
struct DepthwiseShape {
  int64_t num;
  int64_t channels;
  WindowAxis h;
  WindowAxis w;
};

/// y = conv(x, weights) + bias. One call of the functor is one element of y.
template <typename Device, typename Dtype>
void depthwise_forward(DepthwiseShape shape, const Dtype* x, const Dtype* weights,
                       const Dtype* bias, Dtype* y);

/// dx = the gradient of x. One call of the functor is one element of dx.
template <typename Device, typename Dtype>
void depthwise_backward_data(DepthwiseShape shape, const Dtype* dy, const Dtype* weights,
                             Dtype* dx);

/// Adds the weights' gradient to dw: for each weight a sum over batch and positions.
template <typename Device, typename Dtype>
void depthwise_backward_weights(DepthwiseShape shape, const Dtype* x, const Dtype* dy, Dtype* dw);

/// Adds the bias' gradient to db.
template <typename Device, typename Dtype>
void depthwise_backward_bias(DepthwiseShape shape, const Dtype* dy, Dtype* db);

}  // namespace caffe

#endif  // CAFFE_NATIVE_DEPTHWISE_KERNELS_HPP_
