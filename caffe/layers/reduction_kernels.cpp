#include "caffe/layers/reduction_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void reduce_rows(ReductionTerm term, int64_t rows, int64_t width, Dtype factor, const Dtype* x,
                 Dtype* y) {
  Reduce<Device>(
      rows, 1, width,
      [=] CAFFE_HD(int64_t r, int64_t, int64_t k) {
        const Dtype v = x[r * width + k];
        if (term == ReductionTerm::kSquare) return v * v;
        return term == ReductionTerm::kMagnitude && v < Dtype(0) ? -v : v;
      },
      [=] CAFFE_HD(int64_t r, Dtype sum) { y[r] = factor * sum; });
}

template <class Device, class Dtype>
void reduce_rows_backward(ReductionTerm term, int64_t rows, int64_t width, Dtype factor,
                          const Dtype* x, const Dtype* dy, Dtype* dx) {
  ForEachPlane<Device>(rows, width, [=] CAFFE_HD(int64_t r, int64_t k) {
    const int64_t i = r * width + k;
    const Dtype v = x[i];
    Dtype slope = 1;
    if (term == ReductionTerm::kSquare) slope = Dtype(2) * v;
    if (term == ReductionTerm::kMagnitude) slope = Dtype(v > Dtype(0)) - Dtype(v < Dtype(0));
    dx[i] = factor * dy[r] * slope;
  });
}

template <class Device, class Dtype>
void repeat_rows(int64_t rows, int64_t tiles, int64_t width, const Dtype* x, Dtype* y) {
  ForEachPlane<Device>(rows * tiles, width, [=] CAFFE_HD(int64_t r, int64_t k) {
    y[r * width + k] = x[r / tiles * width + k];
  });
}

template <class Device, class Dtype>
void repeat_rows_backward(int64_t rows, int64_t tiles, int64_t width, const Dtype* dy, Dtype* dx) {
  ForEachPlane<Device>(rows, width, [=] CAFFE_HD(int64_t r, int64_t k) {
    Dtype sum = 0;
    for (int64_t t = 0; t < tiles; ++t) sum += dy[(r * tiles + t) * width + k];
    dx[r * width + k] = sum;
  });
}

#define INSTANTIATE(Device, Dtype)                                                               \
  template void reduce_rows<Device, Dtype>(ReductionTerm, int64_t, int64_t, Dtype, const Dtype*, \
                                           Dtype*);                                              \
  template void reduce_rows_backward<Device, Dtype>(ReductionTerm, int64_t, int64_t, Dtype,      \
                                                    const Dtype*, const Dtype*, Dtype*);         \
  template void repeat_rows<Device, Dtype>(int64_t, int64_t, int64_t, const Dtype*, Dtype*);     \
  template void repeat_rows_backward<Device, Dtype>(int64_t, int64_t, int64_t, const Dtype*,     \
                                                    Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
