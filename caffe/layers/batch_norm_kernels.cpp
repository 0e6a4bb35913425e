#include "caffe/layers/batch_norm_kernels.hpp"

#include <cmath>

#include "caffe/device/axis_traversal.hpp"

namespace caffe {

template <class Device, class Dtype>
void batch_norm_statistics(ChannelShape shape, Dtype eps, Dtype fraction, const Dtype* x,
                           BatchNormState<Dtype> state) {
  const double m = double(shape.num) * double(shape.spatial);
  const double bias_correction = m > 1 ? m / (m - 1) : 1;
  const int64_t channels = shape.channels, spatial = shape.spatial;
  // Sums of differences to a value of the channel itself, so that a mean that is large
  // against the deviation does not cancel the variance.
  Reduce<Device, PairPlus>(
      channels, shape.num, spatial,
      [=] CAFFE_HD(int64_t c, int64_t n, int64_t s) -> Pair<double> {
        const double d = double(x[(n * channels + c) * spatial + s]) - double(x[c * spatial]);
        return Pair<double>{d, d * d};
      },
      [=] CAFFE_HD(int64_t c, Pair<double> sum) {
        const double shift = sum.first / m;
        const double mean = double(x[c * spatial]) + shift;
        const double difference = sum.second / m - shift * shift;
        const double variance = difference < 0 ? 0 : difference;
        const double deviation = sqrt(variance + double(eps));
        state.mean[c] = Dtype(mean);
        state.deviation[c] = Dtype(deviation);
        state.inverse_deviation[c] = Dtype(1 / deviation);
        state.mean_sum[c] = fraction * state.mean_sum[c] + Dtype(mean);
        state.variance_sum[c] =
            fraction * state.variance_sum[c] + Dtype(variance * bias_correction);
        if (c == 0) state.scale_factor[0] = fraction * state.scale_factor[0] + Dtype(1);
      });
}

template <class Device, class Dtype>
void batch_norm_stored_statistics(int64_t channels, Dtype eps, BatchNormState<Dtype> state) {
  ForEach<Device>(channels, [=] CAFFE_HD(int64_t c) {
    const Dtype factor = state.scale_factor[0];
    const Dtype scale = factor == Dtype(0) ? Dtype(0) : Dtype(1) / factor;
    const Dtype stored = state.variance_sum[c] * scale;
    const Dtype deviation = sqrt((stored < Dtype(0) ? Dtype(0) : stored) + eps);
    state.mean[c] = state.mean_sum[c] * scale;
    state.deviation[c] = deviation;
    state.inverse_deviation[c] = Dtype(1) / deviation;
  });
}

template <class Device, class Dtype>
void batch_norm_normalize(ChannelShape shape, BatchNormState<Dtype> state, const Dtype* x, Dtype* y,
                          Dtype* keep) {
  if (keep) {
    ForEachAxis<Device>(shape.num, shape.channels, shape.spatial,
                        [=] CAFFE_HD(int64_t, int64_t c, int64_t i) {
                          const Dtype v = (x[i] - state.mean[c]) * state.inverse_deviation[c];
                          y[i] = v;
                          keep[i] = v;
                        });
  } else {
    ForEachAxis<Device>(shape.num, shape.channels, shape.spatial,
                        [=] CAFFE_HD(int64_t, int64_t c, int64_t i) {
                          y[i] = (x[i] - state.mean[c]) * state.inverse_deviation[c];
                        });
  }
}

namespace batch_norm {

/// @tparam kNormalized  v is y itself, not x
template <bool kNormalized, class Device, class Dtype>
void backward(ChannelShape shape, BatchNormState<Dtype> state, const Dtype* v, const Dtype* dy,
              Dtype* means, Dtype* dx) {
  const double m = double(shape.num) * double(shape.spatial);
  const int64_t channels = shape.channels, spatial = shape.spatial;
  Reduce<Device, PairPlus>(
      channels, shape.num, spatial,
      [=] CAFFE_HD(int64_t c, int64_t n, int64_t s) -> Pair<double> {
        const int64_t i = (n * channels + c) * spatial + s;
        const Dtype centred = kNormalized ? v[i] : v[i] - state.mean[c];
        return Pair<double>{double(dy[i]), double(dy[i]) * double(centred)};
      },
      [=] CAFFE_HD(int64_t c, Pair<double> sum) {
        const double unit = kNormalized ? 1 : double(state.inverse_deviation[c]);
        means[c] = Dtype(sum.first / m);
        means[channels + c] = Dtype(sum.second * unit / m);
      });
  ForEachAxis<Device>(shape.num, channels, spatial, [=] CAFFE_HD(int64_t, int64_t c, int64_t i) {
    const Dtype inverse = state.inverse_deviation[c];
    const Dtype y = kNormalized ? v[i] : (v[i] - state.mean[c]) * inverse;
    dx[i] = (dy[i] - means[c] - y * means[channels + c]) * inverse;
  });
}

}  // namespace batch_norm

template <class Device, class Dtype>
void batch_norm_backward(ChannelShape shape, BatchNormState<Dtype> state, bool normalized,
                         const Dtype* v, const Dtype* dy, Dtype* means, Dtype* dx) {
  if (normalized) {
    batch_norm::backward<true, Device>(shape, state, v, dy, means, dx);
  } else {
    batch_norm::backward<false, Device>(shape, state, v, dy, means, dx);
  }
}

template <class Device, class Dtype>
void batch_norm_backward_stored(ChannelShape shape, BatchNormState<Dtype> state, const Dtype* dy,
                                Dtype* dx) {
  ForEachAxis<Device>(
      shape.num, shape.channels, shape.spatial,
      [=] CAFFE_HD(int64_t, int64_t c, int64_t i) { dx[i] = dy[i] * state.inverse_deviation[c]; });
}

#define INSTANTIATE(Device, Dtype)                                                              \
  template void batch_norm_statistics<Device, Dtype>(ChannelShape, Dtype, Dtype, const Dtype*,  \
                                                     BatchNormState<Dtype>);                    \
  template void batch_norm_stored_statistics<Device, Dtype>(int64_t, Dtype,                     \
                                                            BatchNormState<Dtype>);             \
  template void batch_norm_normalize<Device, Dtype>(ChannelShape, BatchNormState<Dtype>,        \
                                                    const Dtype*, Dtype*, Dtype*);              \
  template void batch_norm_backward<Device, Dtype>(ChannelShape, BatchNormState<Dtype>, bool,   \
                                                   const Dtype*, const Dtype*, Dtype*, Dtype*); \
  template void batch_norm_backward_stored<Device, Dtype>(ChannelShape, BatchNormState<Dtype>,  \
                                                          const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
