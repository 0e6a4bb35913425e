#ifndef CAFFE_RELU_KERNELS_HPP_
#define CAFFE_RELU_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// y = x for x > 0, else slope * x; n elements. x and y may be the same.
template <class Device, class Dtype>
void relu_forward(int64_t n, Dtype slope, const Dtype* x, Dtype* y);

/// dx = dy where x > 0, else slope * dy; n elements. dx and dy may be the same, and x may be
/// the forward result instead of its input if slope >= 0.
template <class Device, class Dtype>
void relu_backward(int64_t n, Dtype slope, const Dtype* x, const Dtype* dy, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_RELU_KERNELS_HPP_
