#ifndef CAFFE_NATIVE_CHANNEL_NORM_HPP_
#define CAFFE_NATIVE_CHANNEL_NORM_HPP_

#include <cstdint>
#include <vector>

#include "caffe/native/channel_blocks.hpp"
#include "caffe/native/channel_norm_kernels.hpp"

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

/// y may be x or the residual.
void ChannelAffineForward(const ChannelBlocks& shape, const ChannelAffine& affine, const float* x,
                          float* y);

/// By channel: the sums of g, and of g * (x - centre[c]).
struct GradientSums {
  std::vector<double> gradient;
  std::vector<double> gradient_x;
};
/// @param g  where to leave the gradient, or null; may be dy or dy2
GradientSums SumChannelGradient(const ChannelBlocks& shape, const ChannelAffine& affine,
                                const ChannelGradient& gradient, const float* x,
                                const float* centre, float* g);

/// dx may be dy, dy2 or x.
void ChannelAffineBackward(const ChannelBlocks& shape, const ChannelAffine& affine,
                           const ChannelGradient& gradient, const ChannelBackward& backward,
                           const float* x, float* dx);

}  // namespace caffe

#endif  // CAFFE_NATIVE_CHANNEL_NORM_HPP_
