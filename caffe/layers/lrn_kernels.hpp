#ifndef CAFFE_LRN_KERNELS_HPP_
#define CAFFE_LRN_KERNELS_HPP_

namespace caffe {

/// Arrays of [num, channels, height, width]. The neighbours of an element are `size` channels, or,
/// if `within`, size x size pixels, centred at it.
struct LrnShape {
  int num, channels, height, width;
  int size;
  bool within;
};

/// scale = k + factor * the sum of x^2 over the neighbours.
template <class Device, class Dtype>
void lrn_scale(LrnShape shape, Dtype k, Dtype factor, const Dtype* x, Dtype* scale);

/// y = x * scale^-beta for n elements.
template <class Device, class Dtype>
void lrn_forward(LrnShape shape, Dtype beta, const Dtype* x, const Dtype* scale, Dtype* y);

/// dx = dy * scale^-beta - 2 factor beta x * the sum of dy * y / scale over the neighbours.
template <class Device, class Dtype>
void lrn_backward(LrnShape shape, Dtype factor, Dtype beta, const Dtype* x, const Dtype* y,
                  const Dtype* scale, const Dtype* dy, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_LRN_KERNELS_HPP_
