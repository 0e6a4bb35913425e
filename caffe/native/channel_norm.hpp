#ifndef CAFFE_NATIVE_CHANNEL_NORM_HPP_
#define CAFFE_NATIVE_CHANNEL_NORM_HPP_

#include <cstdint>
#include <vector>

#include "caffe/native/channel_blocks.hpp"

namespace caffe {

/// The passes that batch normalisation, its scale and shift, a residual sum and a rectifier need
/// over values in channel blocks, as few as there can be. Arrays named x, y, dx, ... are in channel
/// blocks; arrays by channel have padded_channels() values. Sums are taken slab by slab and added
/// in one order, so results do not depend on the number of threads.

/// By channel, over samples and positions. The variance is the biased one.
struct ChannelMoments {
  std::vector<double> mean;
  std::vector<double> variance;
};
ChannelMoments MomentsOfChannels(const ChannelBlocks& shape, const float* x);

/// y = factor[c] * x + shift[c] (+ residual), then max(0, .) with relu.
struct ChannelAffine {
  const float* factor = nullptr;
  const float* shift = nullptr;
  const float* residual = nullptr;
  bool relu = false;
};
/// y may be x or the residual.
void ChannelAffineForward(const ChannelBlocks& shape, const ChannelAffine& affine, const float* x,
                          float* y);

/// The gradient g that reaches factor * x + shift (+ residual): dy, plus dy2 if there is one, and 0
/// where the rectifier, if any, cut off.
struct ChannelGradient {
  const float* dy = nullptr;
  const float* dy2 = nullptr;
  /// With a rectifier: the result of the forward pass, or, where there was no residual, null to
  /// have it worked out from x.
  const float* y = nullptr;
};

/// By channel: the sums of g, and of g * (x - centre[c]).
struct GradientSums {
  std::vector<double> gradient;
  std::vector<double> gradient_x;
};
/// @param g  where to leave the gradient, or null; may be dy or dy2
GradientSums SumChannelGradient(const ChannelBlocks& shape, const ChannelAffine& affine,
                                const ChannelGradient& gradient, const float* x,
                                const float* centre, float* g);

/// dx = of_gradient[c] * g + of_x[c] * x + constant[c].
struct ChannelBackward {
  const float* of_gradient = nullptr;
  const float* of_x = nullptr;  // null: the last two terms are left out
  const float* constant = nullptr;
};
/// dx may be dy, dy2 or x.
void ChannelAffineBackward(const ChannelBlocks& shape, const ChannelAffine& affine,
                           const ChannelGradient& gradient, const ChannelBackward& backward,
                           const float* x, float* dx);

}  // namespace caffe

#endif  // CAFFE_NATIVE_CHANNEL_NORM_HPP_
