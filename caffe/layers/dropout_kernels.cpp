#include "caffe/layers/dropout_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void dropout_forward(int64_t n, Philox random, uint64_t first, uint32_t bound, Dtype scale,
                     const Dtype* x, unsigned int* keep, Dtype* y) {
  const uint64_t first_block = first / 4;
  // One evaluation of the generator gives four words. The few elements behind the last full
  // four go by themselves, which keeps branches out of the loop.
  ForEach<Device>(n / 4, [=] CAFFE_HD(int64_t b) {
    const Philox::Block draw = random.block(first_block + uint64_t(b));
    for (int w = 0; w < 4; ++w) {
      const int64_t i = 4 * b + w;
      const bool kept = draw.word[w] >= bound;
      const Dtype scaled = x[i] * scale;
      keep[i] = kept;
      y[i] = kept ? scaled : Dtype(0);
    }
  });
  const int64_t rest = n / 4 * 4;
  ForEach<Device>(n - rest, [=] CAFFE_HD(int64_t k) {
    const int64_t i = rest + k;
    const bool kept = random.u32(first + uint64_t(i)) >= bound;
    keep[i] = kept;
    y[i] = kept ? x[i] * scale : Dtype(0);
  });
}

template <class Device, class Dtype>
void dropout_backward(int64_t n, Dtype scale, const unsigned int* keep, const Dtype* dy,
                      Dtype* dx) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const Dtype scaled = dy[i] * scale;
    dx[i] = keep[i] ? scaled : Dtype(0);
  });
}

#define INSTANTIATE(Device, Dtype)                                                                 \
  template void dropout_forward<Device, Dtype>(int64_t, Philox, uint64_t, uint32_t, Dtype,         \
                                               const Dtype*, unsigned int*, Dtype*);               \
  template void dropout_backward<Device, Dtype>(int64_t, Dtype, const unsigned int*, const Dtype*, \
                                                Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
