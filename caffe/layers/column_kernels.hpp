#ifndef CAFFE_COLUMN_KERNELS_HPP_
#define CAFFE_COLUMN_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// Copies a [rows, width] block between matrices: y[r * y_stride + k] = x[r * x_stride + k].
template <class Device, class Dtype>
void copy_columns(int64_t rows, int64_t width, const Dtype* x, int64_t x_stride, Dtype* y,
                  int64_t y_stride);

/// Every row of the [rows, width] matrix y becomes x.
template <class Device, class Dtype>
void repeat_row(int64_t rows, int64_t width, const Dtype* x, Dtype* y);

}  // namespace caffe

#endif  // CAFFE_COLUMN_KERNELS_HPP_
