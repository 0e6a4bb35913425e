#ifndef CAFFE_POOLING_KERNELS_HPP_
#define CAFFE_POOLING_KERNELS_HPP_

#include <cstdint>
#include <type_traits>

#include "caffe/device/device.hpp"
#include "caffe/util/philox.hpp"

namespace caffe {

/// Windows over planes of height x width values; window (ph, pw) starts at
/// (ph * stride_h - pad_h, pw * stride_w - pad_w). Tops are planes x pooled_h x pooled_w.
struct PoolShape {
  int planes = 0;
  int height = 0, width = 0;
  int pooled_h = 0, pooled_w = 0;
  int kernel_h = 0, kernel_w = 0;
  int stride_h = 1, stride_w = 1;
  int pad_h = 0, pad_w = 0;

  /// Whether the one window is the whole plane.
  bool global() const {
    return pooled_h == 1 && pooled_w == 1 && pad_h == 0 && pad_w == 0 && kernel_h == height &&
           kernel_w == width;
  }
};

/// Largest value of each window; the first in row-major order wins ties. `index` receives its
/// place h * width + w within the plane; -FLT_MAX and -1 for windows without values.
/// Index is int or Dtype.
template <typename Device, typename Dtype, typename Index>
void max_pool_forward(PoolShape shape, const Dtype* bottom, Dtype* top, Index* index);

/// bottom_diff[i] = sum of top_diff over the windows whose index is i, in the order of the
/// windows. For MAX and STOCHASTIC. The two give the same bits: gather looks from each value
/// at the windows over it, which suits many small threads; scatter walks through the windows
/// of a plane, which suits the few threads of the host.
template <typename Device, typename Dtype, typename Index>
void indexed_pool_gather(PoolShape shape, const Dtype* top_diff, const Index* index,
                         Dtype* bottom_diff);
template <typename Dtype, typename Index>
void indexed_pool_scatter(PoolShape shape, const Dtype* top_diff, const Index* index,
                          Dtype* bottom_diff);

/// The one of the two that suits the device.
template <typename Device, typename Dtype, typename Index>
void indexed_pool_backward(PoolShape shape, const Dtype* top_diff, const Index* index,
                           Dtype* bottom_diff) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    indexed_pool_scatter(shape, top_diff, index, bottom_diff);
  } else {
    indexed_pool_gather<Device>(shape, top_diff, index, bottom_diff);
  }
}

/// Mean of each window. It counts padding, but no places beyond height + pad_h or
/// width + pad_w.
template <typename Device, typename Dtype>
void ave_pool_forward(PoolShape shape, const Dtype* bottom, Dtype* top);
template <typename Device, typename Dtype>
void ave_pool_backward(PoolShape shape, const Dtype* top_diff, Dtype* bottom_diff);

/// One value of each window, drawn with a probability proportional to it; values must not be
/// negative. Window i uses number `first` + i of the random sequence. `index` as above.
/// Source: Zeiler and Fergus, "Stochastic pooling", ICLR 2013.
template <typename Device, typename Dtype>
void stochastic_pool_train(PoolShape shape, Philox random, uint64_t first, const Dtype* bottom,
                           Dtype* top, Dtype* index);
/// The mean of each window's values, weighted by themselves; 0 where their sum is not positive.
template <typename Device, typename Dtype>
void stochastic_pool_test(PoolShape shape, const Dtype* bottom, Dtype* top);

}  // namespace caffe

#endif  // CAFFE_POOLING_KERNELS_HPP_
