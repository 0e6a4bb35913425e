#ifndef CAFFE_BATCH_NORM_KERNELS_HPP_
#define CAFFE_BATCH_NORM_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// The sizes of a [num, channels, spatial] array.
struct ChannelShape {
  int64_t num;
  int64_t channels;
  int64_t spatial;
};

/// What batch normalisation keeps of each channel, [channels] each, and its running sums.
template <class Dtype>
struct BatchNormState {
  Dtype* mean;
  Dtype* deviation;  ///< sqrt(variance + eps)
  Dtype* inverse_deviation;
  Dtype* mean_sum;
  Dtype* variance_sum;
  Dtype* scale_factor;  ///< one element
};

/// Mean and biased variance of each channel of x in one sweep, and the running sums:
/// scale_factor <- fraction * scale_factor + 1, sum <- fraction * sum + statistic, where the
/// variance enters with m / (m - 1), m = num * spatial. Sums are accumulated in double.
template <class Device, class Dtype>
void batch_norm_statistics(ChannelShape shape, Dtype eps, Dtype fraction, const Dtype* x,
                           BatchNormState<Dtype> state);

/// Mean and deviation from the running sums divided by scale_factor (0 if that is 0).
template <class Device, class Dtype>
void batch_norm_stored_statistics(int64_t channels, Dtype eps, BatchNormState<Dtype> state);

/// y = (x - mean) * inverse_deviation. Also written to `keep` if that is not null.
/// x and y may be the same.
template <class Device, class Dtype>
void batch_norm_normalize(ChannelShape shape, BatchNormState<Dtype> state, const Dtype* x, Dtype* y,
                          Dtype* keep);

/// dx = (dy - mean(dy) - y * mean(dy * y)) * inverse_deviation, means over a channel, where
/// y = (v - mean) * inverse_deviation if `normalized` is false, else y = v.
/// @param means  scratch, [2, channels]
/// dx and dy may be the same.
template <class Device, class Dtype>
void batch_norm_backward(ChannelShape shape, BatchNormState<Dtype> state, bool normalized,
                         const Dtype* v, const Dtype* dy, Dtype* means, Dtype* dx);

/// dx = dy * inverse_deviation: the statistics do not depend on x.
template <class Device, class Dtype>
void batch_norm_backward_stored(ChannelShape shape, BatchNormState<Dtype> state, const Dtype* dy,
                                Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_BATCH_NORM_KERNELS_HPP_
