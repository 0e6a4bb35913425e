#ifndef CAFFE_CLASS_TOKEN_KERNELS_HPP_
#define CAFFE_CLASS_TOKEN_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// Bottom: num x tokens x features; top: num x tokens + 1 x features.
struct TokenShape {
  int64_t num;
  int64_t tokens;
  int64_t features;
};

/// y[n, 0] = token, y[n, t + 1] = x[n, t].
template <class Device, class Dtype>
void class_token_forward(TokenShape shape, const Dtype* x, const Dtype* token, Dtype* y);

/// dx[n, t] = dy[n, t + 1].
template <class Device, class Dtype>
void class_token_backward(TokenShape shape, const Dtype* dy, Dtype* dx);

/// dtoken += the sum of dy[n, 0] over n.
template <class Device, class Dtype>
void class_token_gradient(TokenShape shape, const Dtype* dy, Dtype* dtoken);

}  // namespace caffe

#endif  // CAFFE_CLASS_TOKEN_KERNELS_HPP_
