#ifndef CAFFE_REDUCTION_KERNELS_HPP_
#define CAFFE_REDUCTION_KERNELS_HPP_

#include <cstdint>

namespace caffe {

enum class ReductionTerm { kValue, kMagnitude, kSquare };

/// y[r] = factor * the sum of term(x) over row r; x is [rows, width].
template <class Device, class Dtype>
void reduce_rows(ReductionTerm term, int64_t rows, int64_t width, Dtype factor, const Dtype* x,
                 Dtype* y);

/// dx = factor * dy[r] * the derivative of term at x; that of a magnitude at 0 is 0.
template <class Device, class Dtype>
void reduce_rows_backward(ReductionTerm term, int64_t rows, int64_t width, Dtype factor,
                          const Dtype* x, const Dtype* dy, Dtype* dx);

/// y is [rows, tiles, width], each of a row's tiles x[row]; x is [rows, width].
template <class Device, class Dtype>
void repeat_rows(int64_t rows, int64_t tiles, int64_t width, const Dtype* x, Dtype* y);

/// dx[row] = the sum of dy over a row's tiles.
template <class Device, class Dtype>
void repeat_rows_backward(int64_t rows, int64_t tiles, int64_t width, const Dtype* dy, Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_REDUCTION_KERNELS_HPP_
