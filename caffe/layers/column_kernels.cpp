#include "caffe/layers/column_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void copy_columns(int64_t rows, int64_t width, const Dtype* x, int64_t x_stride, Dtype* y,
                  int64_t y_stride) {
  ForEachPlane<Device>(rows, width, [=] CAFFE_HD(int64_t r, int64_t k) {
    y[r * y_stride + k] = x[r * x_stride + k];
  });
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
