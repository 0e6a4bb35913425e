#include "caffe/layers/column_kernels.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/device/launch.hpp"

namespace caffe {

namespace {

/// Copies of fewer elements are not worth waking other threads; longer rows go in such pieces.
constexpr int64_t kPiece = 1 << 14;

template <class Dtype>
void copy_columns_on_cpu(int64_t rows, int64_t width, const Dtype* x, int64_t x_stride, Dtype* y,
                         int64_t y_stride) {
  const int64_t pieces = (width + kPiece - 1) / kPiece;
#pragma omp parallel for schedule(static) collapse(2) if (rows * width > kPiece)
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t p = 0; p < pieces; ++p) {
      const int64_t begin = p * kPiece, count = std::min(kPiece, width - begin);
      std::copy_n(x + r * x_stride + begin, count, y + r * y_stride + begin);
    }
  }
}

}  // namespace

template <class Device, class Dtype>
void copy_columns(int64_t rows, int64_t width, const Dtype* x, int64_t x_stride, Dtype* y,
                  int64_t y_stride) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    copy_columns_on_cpu(rows, width, x, x_stride, y, y_stride);
  } else {
    ForEachPlane<Device>(rows, width, [=] CAFFE_HD(int64_t r, int64_t k) {
      y[r * y_stride + k] = x[r * x_stride + k];
    });
  }
}

template <class Device, class Dtype>
void repeat_row(int64_t rows, int64_t width, const Dtype* x, Dtype* y) {
  ForEachPlane<Device>(rows, width,
                       [=] CAFFE_HD(int64_t r, int64_t k) { y[r * width + k] = x[k]; });
}

#define INSTANTIATE(Device, Dtype)                                                           \
  template void copy_columns<Device, Dtype>(int64_t, int64_t, const Dtype*, int64_t, Dtype*, \
                                            int64_t);                                        \
  template void repeat_row<Device, Dtype>(int64_t, int64_t, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
