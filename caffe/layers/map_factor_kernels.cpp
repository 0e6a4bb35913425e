#include "caffe/layers/map_factor_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void draw_factors(int64_t n, bool shared, Philox random, uint64_t first, uint64_t bound, Dtype kept,
                  Dtype* factor) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const uint64_t word = first + (shared ? 0 : uint64_t(i));
    factor[i] = random.u32(word) < bound ? Dtype(0) : kept;
  });
}

namespace {

template <class Dtype>
CAFFE_HD inline Dtype Scaled(Dtype factor, Dtype x) {
  const Dtype scaled = factor * x;
  return factor == Dtype(0) ? Dtype(0) : scaled;
}

}  // namespace

template <class Device, class Dtype>
void scale_maps(MapLayout layout, const Dtype* factor, const Dtype* x, Dtype* y) {
  const int64_t positions = layout.positions, block = layout.block;
  if (block == 1) {
    ForEachPlane<Device>(layout.num * layout.channels, positions,
                         [=] CAFFE_HD(int64_t p, int64_t k) {
                           y[p * positions + k] = Scaled(factor[p], x[p * positions + k]);
                         });
    return;
  }
  // Row q is the channels of a block at one position.
  ForEachPlane<Device>(layout.rows(), block, [=] CAFFE_HD(int64_t q, int64_t k) {
    y[q * block + k] = Scaled(factor[q / positions * block + k], x[q * block + k]);
  });
}

#define INSTANTIATE(Device, Dtype)                                                            \
  template void draw_factors<Device, Dtype>(int64_t, bool, Philox, uint64_t, uint64_t, Dtype, \
                                            Dtype*);                                          \
  template void scale_maps<Device, Dtype>(MapLayout, const Dtype*, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
