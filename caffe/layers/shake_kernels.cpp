#include "caffe/layers/shake_kernels.hpp"

#include "caffe/device/launch.hpp"
#include "caffe/util/random_draws.hpp"

namespace caffe {

namespace {

template <class Dtype>
CAFFE_HD inline Dtype Draw(const Philox& random, const UniformSource<Dtype>& source, int64_t i) {
  return UniformDraw(random, source.first, source.shared ? 0 : uint64_t(i), source.min, source.max);
}

}  // namespace

template <class Device, class Dtype>
void draw_shares(int64_t n, Philox random, UniformSource<Dtype> source, Dtype* share, Dtype* rest) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const Dtype u = Draw(random, source, i);
    share[i] = u;
    rest[i] = Dtype(1) - u;
  });
}

template <class Device, class Dtype>
void mix_samples(int64_t num, int64_t inner, const Dtype* a, const Dtype* f, const Dtype* b,
                 const Dtype* g, const Dtype* x, Dtype* y) {
  ForEachPlane<Device>(num, inner, [=] CAFFE_HD(int64_t i, int64_t k) {
    const int64_t at = i * inner + k;
    const Dtype mixed = a[i] * f[at] + b[i] * g[at];
    y[at] = x == nullptr ? mixed : x[at] + mixed;
  });
}

template <class Device, class Dtype>
void draw_shake_drop(int64_t n, Philox random, ShakeDropDraws<Dtype> draws, Dtype* forward,
                     Dtype* backward) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const uint64_t word = draws.gate_first + (draws.gate_shared ? 0 : uint64_t(i));
    const bool shakes = random.u32(word) < draws.bound;
    // b is 0 or 1, so that the sums are one of their parts.
    forward[i] = shakes ? Draw(random, draws.alpha, i) : Dtype(1);
    backward[i] = shakes ? Draw(random, draws.beta, i) : Dtype(1);
  });
}

#define INSTANTIATE(Device, Dtype)                                                                 \
  template void draw_shares<Device, Dtype>(int64_t, Philox, UniformSource<Dtype>, Dtype*, Dtype*); \
  template void mix_samples<Device, Dtype>(int64_t, int64_t, const Dtype*, const Dtype*,           \
                                           const Dtype*, const Dtype*, const Dtype*, Dtype*);      \
  template void draw_shake_drop<Device, Dtype>(int64_t, Philox, ShakeDropDraws<Dtype>, Dtype*,     \
                                               Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
