#ifndef CAFFE_SIGMOID_LOSS_KERNELS_HPP_
#define CAFFE_SIGMOID_LOSS_KERNELS_HPP_

#include <cstdint>

#include "caffe/layers/labels.hpp"

namespace caffe {

/// sums[0] = the sum of -(t log s + (1 - t) log(1 - s)) with s the sigmoid of x, over the elements
/// whose target t is not ignored; sums[1] = how many these are.
template <class Device, class Dtype>
void sigmoid_loss_forward(int64_t n, IgnoreLabel ignored, const Dtype* x, const Dtype* t,
                          Dtype* sums);

/// dx = factor * (s - t), 0 where the target is ignored.
template <class Device, class Dtype>
void sigmoid_loss_backward(int64_t n, IgnoreLabel ignored, Dtype factor, const Dtype* x,
                           const Dtype* t, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_SIGMOID_LOSS_KERNELS_HPP_
