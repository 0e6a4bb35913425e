#ifndef CAFFE_AXPY_KERNELS_HPP_
#define CAFFE_AXPY_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// x, y, ... are [planes, inner]; a is [planes].

/// z = a * x + y.
template <class Device, class Dtype>
void axpy_forward(int64_t planes, int64_t inner, const Dtype* a, const Dtype* x, const Dtype* y,
                  Dtype* z);

/// dx = a * dz.
template <class Device, class Dtype>
void axpy_backward_x(int64_t planes, int64_t inner, const Dtype* a, const Dtype* dz, Dtype* dx);

/// da = the sum of dz * x over each plane.
template <class Device, class Dtype>
void axpy_backward_a(int64_t planes, int64_t inner, const Dtype* x, const Dtype* dz, Dtype* da);

}  // namespace caffe

#endif  // CAFFE_AXPY_KERNELS_HPP_
