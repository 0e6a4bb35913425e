#ifndef CAFFE_NATIVE_CHANNEL_NORM_KERNELS_HPP_
#define CAFFE_NATIVE_CHANNEL_NORM_KERNELS_HPP_

#include <cstdint>

#include "caffe/native/activation.hpp"

// The vector code behind channel_norm.hpp, which says what the passes compute. It is compiled once
// for each instruction set, so this header holds no function that a compiler could emit out of
// line: the linker might keep the copy that an older processor cannot run.

namespace caffe {

/// y = activation(factor[c] * x + shift[c] (+ residual)).
struct ChannelAffine {
  const float* factor = nullptr;
  const float* shift = nullptr;
  const float* residual = nullptr;
  Activation activation;
};

/// The gradient g that reaches factor * x + shift (+ residual): dy, plus dy2 if there is one, times
/// the activation's slope.
struct ChannelGradient {
  const float* dy = nullptr;
  const float* dy2 = nullptr;
  /// With kRelu or kRelu6: the result of the forward pass. Null, where there was no residual, to
  /// have it worked out from x; other activations want that.
  const float* y = nullptr;
};

/// dx = of_gradient[c] * g + of_x[c] * x + constant[c].
struct ChannelBackward {
  const float* of_gradient = nullptr;
  const float* of_x = nullptr;  // null: the last two terms are left out
  const float* constant = nullptr;
};

namespace channel_norm {

/// Elements [begin, end) of arrays in channel blocks, all of the block that begins with `channel`.
struct Slab {
  int64_t begin, end;
  int64_t channel;
};

/// Each works on one slab. Arrays in channel blocks and by channel are given whole; `sums` are two
/// values for each lane of the slab: first all of the one sum, then all of the other.
struct Kernels {
  /// Adds x - centre[lane], and its square.
  void (*moments)(Slab slab, const float* x, const float* centre, double* sums);
  void (*forward)(Slab slab, const ChannelAffine& affine, const float* x, float* y);
  /// Adds g, and g * (x - centre[c]).
  /// @param g  where to leave the gradient, or null
  void (*sum_gradient)(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
                       const float* x, const float* centre, float* g, double* sums);
  void (*backward)(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
                   const ChannelBackward& backward, const float* x, float* dx);
};

template <int kLanes>
Kernels KernelsFor();
template <>
Kernels KernelsFor<8>();
template <>
Kernels KernelsFor<16>();

}  // namespace channel_norm
}  // namespace caffe

#endif  // CAFFE_NATIVE_CHANNEL_NORM_KERNELS_HPP_
