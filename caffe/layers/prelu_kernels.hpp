#ifndef CAFFE_PRELU_KERNELS_HPP_
#define CAFFE_PRELU_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// Arrays x, y, ... are [num, channels, inner]. The slope of channel c is slopes[c], or slopes[0]
/// if `shared`.
struct PReLUShape {
  int64_t num = 0, channels = 0, inner = 0;
  bool shared = false;
};

/// y = x for x > 0, else slope * x; also x to `keep` unless that is null. y may be x.
template <class Device, class Dtype>
void prelu_forward(PReLUShape shape, const Dtype* slopes, const Dtype* x, Dtype* y, Dtype* keep);

/// dx = dy where x > 0, else slope * dy. dx may be dy.
template <class Device, class Dtype>
void prelu_backward(PReLUShape shape, const Dtype* slopes, const Dtype* x, const Dtype* dy,
                    Dtype* dx);

/// Adds to the slopes' gradients the sums of dy * x where x <= 0.
template <class Device, class Dtype>
void prelu_slope_gradient(PReLUShape shape, const Dtype* x, const Dtype* dy, Dtype* dslopes);

}  // namespace caffe

#endif  // CAFFE_PRELU_KERNELS_HPP_
