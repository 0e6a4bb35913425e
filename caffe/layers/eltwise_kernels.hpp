#ifndef CAFFE_ELTWISE_KERNELS_HPP_
#define CAFFE_ELTWISE_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// All arrays have n elements; results may be the same array as an operand.

/// y = alpha * a + beta * b.
template <class Device, class Dtype>
void weighted_sum(int64_t n, Dtype alpha, const Dtype* a, Dtype beta, const Dtype* b, Dtype* y);

/// y = alpha * x.
template <class Device, class Dtype>
void scaled_copy(int64_t n, Dtype alpha, const Dtype* x, Dtype* y);

/// y = a * b.
template <class Device, class Dtype>
void product(int64_t n, const Dtype* a, const Dtype* b, Dtype* y);

/// dx = dy * y / x.
template <class Device, class Dtype>
void quotient_product(int64_t n, const Dtype* dy, const Dtype* y, const Dtype* x, Dtype* dx);

/// y = the larger of a and b, source = 0 for a, 1 for b; b wins ties.
template <class Device, class Dtype>
void larger(int64_t n, const Dtype* a, const Dtype* b, Dtype* y, int* source);

/// y = x and source = id where x > y, or where x >= y if x wins ties.
template <class Device, class Dtype>
void larger_than_before(int64_t n, int id, bool wins_ties, const Dtype* x, Dtype* y, int* source);

/// dx = dy where source is id, else 0.
template <class Device, class Dtype>
void larger_backward(int64_t n, int id, const int* source, const Dtype* dy, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_ELTWISE_KERNELS_HPP_
