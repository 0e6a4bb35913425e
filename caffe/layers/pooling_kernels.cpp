#include "caffe/layers/pooling_kernels.hpp"

#include <cfloat>

#include "caffe/device/launch.hpp"
#include "caffe/layers/pooling_window.hpp"

namespace caffe {

template <typename Device, typename Dtype, typename Index>
void max_pool_forward(PoolShape shape, const Dtype* bottom, Dtype* top, Index* index) {
  const PoolShape s = shape;
  const int64_t rows = int64_t(s.planes) * s.pooled_h;
  ForEachPlane<Device>(rows, s.pooled_w, [=] CAFFE_HD(int64_t row, int64_t pw) {
    const Dtype* plane = bottom + row / s.pooled_h * s.height * s.width;
    const PoolRange y =
        WindowInside(int(row % s.pooled_h), s.height, s.kernel_h, s.stride_h, s.pad_h);
    const PoolRange x = WindowInside(int(pw), s.width, s.kernel_w, s.stride_w, s.pad_w);
    Dtype best = Dtype(-FLT_MAX);
    int at = -1;
    for (int h = y.begin; h < y.end; ++h) {
      for (int w = x.begin; w < x.end; ++w) {
        const Dtype value = plane[h * s.width + w];
        const bool better = value > best || value != value;  // NaN wins
        best = better ? value : best;
        at = better ? h * s.width + w : at;
      }
    }
    top[row * s.pooled_w + pw] = best;
    index[row * s.pooled_w + pw] = Index(at);
  });
}

template <typename Device, typename Dtype, typename Index>
void indexed_pool_gather(PoolShape shape, const Dtype* top_diff, const Index* index,
                         Dtype* bottom_diff) {
  const PoolShape s = shape;
  const int64_t rows = int64_t(s.planes) * s.height;
  ForEachPlane<Device>(rows, s.width, [=] CAFFE_HD(int64_t row, int64_t w) {
    const int h = int(row % s.height);
    const int64_t plane = row / s.height * s.pooled_h * s.pooled_w;
    const PoolRange y = WindowsOver(h, s.pooled_h, s.kernel_h, s.stride_h, s.pad_h);
    const PoolRange x = WindowsOver(int(w), s.pooled_w, s.kernel_w, s.stride_w, s.pad_w);
    const Index here = Index(h * s.width + int(w));
    Dtype sum = 0;
    for (int ph = y.begin; ph < y.end; ++ph) {
      for (int pw = x.begin; pw < x.end; ++pw) {
        const int64_t i = plane + ph * s.pooled_w + pw;
        if (index[i] == here) sum += top_diff[i];
      }
    }
    bottom_diff[row * s.width + w] = sum;
  });
}

template <typename Device, typename Dtype>
void ave_pool_forward(PoolShape shape, const Dtype* bottom, Dtype* top) {
  const PoolShape s = shape;
  if (s.global()) {
    const int64_t size = int64_t(s.height) * s.width;
    Reduce<Device>(
        s.planes, 1, size,
        [=] CAFFE_HD(int64_t p, int64_t, int64_t k) { return bottom[p * size + k]; },
        [=] CAFFE_HD(int64_t p, Dtype sum) { top[p] = sum / Dtype(size); });
    return;
  }
  const int64_t rows = int64_t(s.planes) * s.pooled_h;
  ForEachPlane<Device>(rows, s.pooled_w, [=] CAFFE_HD(int64_t row, int64_t pw) {
    const Dtype* plane = bottom + row / s.pooled_h * s.height * s.width;
    const int ph = int(row % s.pooled_h);
    const PoolRange y = WindowInside(ph, s.height, s.kernel_h, s.stride_h, s.pad_h);
    const PoolRange x = WindowInside(int(pw), s.width, s.kernel_w, s.stride_w, s.pad_w);
    Dtype sum = 0;
    for (int h = y.begin; h < y.end; ++h) {
      for (int w = x.begin; w < x.end; ++w) sum += plane[h * s.width + w];
    }
    const int area = WindowExtent(ph, s.height, s.kernel_h, s.stride_h, s.pad_h) *
                     WindowExtent(int(pw), s.width, s.kernel_w, s.stride_w, s.pad_w);
    top[row * s.pooled_w + pw] = y.begin < y.end && x.begin < x.end ? sum / Dtype(area) : Dtype(0);
  });
}

template <typename Device, typename Dtype>
void ave_pool_backward(PoolShape shape, const Dtype* top_diff, Dtype* bottom_diff) {
  const PoolShape s = shape;
  if (s.global()) {
    const int64_t size = int64_t(s.height) * s.width;
    ForEachPlane<Device>(s.planes, size, [=] CAFFE_HD(int64_t p, int64_t k) {
      bottom_diff[p * size + k] = top_diff[p] / Dtype(size);
    });
    return;
  }
  const int64_t rows = int64_t(s.planes) * s.height;
  ForEachPlane<Device>(rows, s.width, [=] CAFFE_HD(int64_t row, int64_t w) {
    const Dtype* plane = top_diff + row / s.height * s.pooled_h * s.pooled_w;
    const PoolRange y =
        WindowsOver(int(row % s.height), s.pooled_h, s.kernel_h, s.stride_h, s.pad_h);
    const PoolRange x = WindowsOver(int(w), s.pooled_w, s.kernel_w, s.stride_w, s.pad_w);
    Dtype sum = 0;
    for (int ph = y.begin; ph < y.end; ++ph) {
      const int extent_h = WindowExtent(ph, s.height, s.kernel_h, s.stride_h, s.pad_h);
      for (int pw = x.begin; pw < x.end; ++pw) {
        const int extent_w = WindowExtent(pw, s.width, s.kernel_w, s.stride_w, s.pad_w);
        sum += plane[ph * s.pooled_w + pw] / Dtype(extent_h * extent_w);
      }
    }
    bottom_diff[row * s.width + w] = sum;
  });
}

#define INSTANTIATE(Device, Dtype)                                                               \
  template void max_pool_forward<Device, Dtype, int>(PoolShape, const Dtype*, Dtype*, int*);     \
  template void max_pool_forward<Device, Dtype, Dtype>(PoolShape, const Dtype*, Dtype*, Dtype*); \
  template void indexed_pool_gather<Device, Dtype, int>(PoolShape, const Dtype*, const int*,     \
                                                        Dtype*);                                 \
  template void indexed_pool_gather<Device, Dtype, Dtype>(PoolShape, const Dtype*, const Dtype*, \
                                                          Dtype*);                               \
  template void ave_pool_forward<Device, Dtype>(PoolShape, const Dtype*, Dtype*);                \
  template void ave_pool_backward<Device, Dtype>(PoolShape, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
