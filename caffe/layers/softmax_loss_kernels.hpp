#ifndef CAFFE_SOFTMAX_LOSS_KERNELS_HPP_
#define CAFFE_SOFTMAX_LOSS_KERNELS_HPP_

#include <cstdint>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/softmax_kernels.hpp"

namespace caffe {

/// *count = how many of n labels are not ignored.
template <class Device, class Dtype>
void count_labels(int64_t n, IgnoreLabel ignored, const Dtype* labels, Dtype* count);

/// *loss = sum over items of -log(max(p[label], least normal float)), divided by normalizer;
/// ignored items leave nothing. NaN if a label is out of range. Accumulated in double.
/// @param p       [outer, classes, inner]
/// @param labels  [outer, inner]
template <class Device, class Dtype>
void softmax_loss_forward(ClassShape shape, IgnoreLabel ignored, Dtype normalizer, const Dtype* p,
                          const Dtype* labels, Dtype* loss);

/// dx = (p - (class is the label)) * scale, 0 for ignored items.
template <class Device, class Dtype>
void softmax_loss_backward(ClassShape shape, IgnoreLabel ignored, Dtype scale, const Dtype* p,
                           const Dtype* labels, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_SOFTMAX_LOSS_KERNELS_HPP_
