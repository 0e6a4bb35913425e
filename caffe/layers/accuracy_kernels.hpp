#ifndef CAFFE_ACCURACY_KERNELS_HPP_
#define CAFFE_ACCURACY_KERNELS_HPP_

#include <cstdint>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/softmax_kernels.hpp"

namespace caffe {

/// rank = how many classes have a score of at least the label's own, the label included; 0 if
/// that score is NaN; classes + 1 if the label is no class.
/// @param scores  [outer, classes, inner]
/// @param labels, rank  [outer, inner]
template <class Device, class Dtype>
void label_rank(ClassShape shape, const Dtype* scores, const Dtype* labels, Dtype* rank);

/// *accuracy = share of the n items with a rank of at most top_k, ignored ones left out; 0 if
/// none is left.
template <class Device, class Dtype>
void mean_accuracy(int64_t n, int top_k, IgnoreLabel ignored, const Dtype* labels,
                   const Dtype* rank, Dtype* accuracy);

/// The same for the items of each class by themselves, and their numbers.
/// @param accuracy, items  [classes]
template <class Device, class Dtype>
void class_accuracy(int64_t n, int64_t classes, int top_k, IgnoreLabel ignored, const Dtype* labels,
                    const Dtype* rank, Dtype* accuracy, Dtype* items);

}  // namespace caffe

#endif  // CAFFE_ACCURACY_KERNELS_HPP_
