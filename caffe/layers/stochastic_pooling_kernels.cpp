#include "caffe/device/launch.hpp"
#include "caffe/layers/pooling_kernels.hpp"
#include "caffe/layers/pooling_window.hpp"

namespace caffe {

template <typename Device, typename Dtype>
void stochastic_pool_train(PoolShape shape, Philox random, uint64_t first, const Dtype* bottom,
                           Dtype* top, Dtype* index) {
  const PoolShape s = shape;
  const int64_t rows = int64_t(s.planes) * s.pooled_h;
  ForEachPlane<Device>(rows, s.pooled_w, [=] CAFFE_HD(int64_t row, int64_t pw) {
    const Dtype* plane = bottom + row / s.pooled_h * s.height * s.width;
    const PoolRange y =
        WindowInside(int(row % s.pooled_h), s.height, s.kernel_h, s.stride_h, s.pad_h);
    const PoolRange x = WindowInside(int(pw), s.width, s.kernel_w, s.stride_w, s.pad_w);
    Dtype total = 0;
    for (int h = y.begin; h < y.end; ++h) {
      for (int w = x.begin; w < x.end; ++w) total += plane[h * s.width + w];
    }
    const int64_t i = row * s.pooled_w + pw;
    const Dtype threshold = Dtype(random.uniform(first + uint64_t(i))) * total;
    Dtype running = 0;
    int at = -1;
    for (int h = y.begin; h < y.end && at < 0; ++h) {
      for (int w = x.begin; w < x.end && at < 0; ++w) {
        running += plane[h * s.width + w];
        if (running >= threshold) at = h * s.width + w;
      }
    }
    // A sum that is NaN finds no place, and stays NaN.
    const Dtype none = total != total ? total : Dtype(0);
    top[i] = at < 0 ? none : plane[at];
    index[i] = Dtype(at);
  });
}

template <typename Device, typename Dtype>
void stochastic_pool_test(PoolShape shape, const Dtype* bottom, Dtype* top) {
  const PoolShape s = shape;
  const int64_t rows = int64_t(s.planes) * s.pooled_h;
  ForEachPlane<Device>(rows, s.pooled_w, [=] CAFFE_HD(int64_t row, int64_t pw) {
    const Dtype* plane = bottom + row / s.pooled_h * s.height * s.width;
    const PoolRange y =
        WindowInside(int(row % s.pooled_h), s.height, s.kernel_h, s.stride_h, s.pad_h);
    const PoolRange x = WindowInside(int(pw), s.width, s.kernel_w, s.stride_w, s.pad_w);
    Dtype sum = 0, squares = 0;
    for (int h = y.begin; h < y.end; ++h) {
      for (int w = x.begin; w < x.end; ++w) {
        const Dtype value = plane[h * s.width + w];
        sum += value;
        squares += value * value;
      }
    }
    top[row * s.pooled_w + pw] = sum <= Dtype(0) ? Dtype(0) : squares / sum;
  });
}

#define INSTANTIATE(Device, Dtype)                                                              \
  template void stochastic_pool_train<Device, Dtype>(PoolShape, Philox, uint64_t, const Dtype*, \
                                                     Dtype*, Dtype*);                           \
  template void stochastic_pool_test<Device, Dtype>(PoolShape, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
