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

template <class Device, class Dtype>
void scale_maps(MapLayout layout, const Dtype* factor, const Dtype* x, Dtype* y) {
  const int64_t slab = layout.slab();
  const int64_t block = layout.block;
  // The channels of a slab follow one another in the order of maps, so slab p begins with
  // map p * block.
  ForEachPlane<Device>(layout.slabs(), slab, [=] CAFFE_HD(int64_t p, int64_t k) {
    const Dtype f = factor[p * block + (k & (block - 1))];
    const Dtype scaled = f * x[p * slab + k];
    y[p * slab + k] = f == Dtype(0) ? Dtype(0) : scaled;
  });
}

#define INSTANTIATE(Device, Dtype)                                                            \
  template void draw_factors<Device, Dtype>(int64_t, bool, Philox, uint64_t, uint64_t, Dtype, \
                                            Dtype*);                                          \
  template void scale_maps<Device, Dtype>(MapLayout, const Dtype*, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
