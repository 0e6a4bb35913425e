#ifndef CAFFE_DROPOUT_KERNELS_HPP_
#define CAFFE_DROPOUT_KERNELS_HPP_

#include <cstdint>

#include "caffe/util/philox.hpp"

namespace caffe {

/// keep[i] = whether word first + i of `random` is at least `bound`; y = keep ? x * scale : 0.
/// n elements; `first` is a multiple of 4; x and y may be the same.
template <class Device, class Dtype>
void dropout_forward(int64_t n, Philox random, uint64_t first, uint32_t bound, Dtype scale,
                     const Dtype* x, unsigned int* keep, Dtype* y);

/// dx = keep ? dy * scale : 0; dx and dy may be the same.
template <class Device, class Dtype>
void dropout_backward(int64_t n, Dtype scale, const unsigned int* keep, const Dtype* dy, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_DROPOUT_KERNELS_HPP_
