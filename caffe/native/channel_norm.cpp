#include "caffe/native/channel_norm.hpp"

#include <algorithm>

namespace caffe {

namespace {

using channel_norm::Kernels;
using channel_norm::Slab;

/// FindChannelBlocks() finds no blocks wider than the processor's vectors, so code for those is not
/// touched.
const Kernels& KernelsOf(const ChannelBlocks& shape) {
  if (shape.block == 16) {
    static const Kernels kernels = channel_norm::KernelsFor<16>();
    return kernels;
  }
  static const Kernels kernels = channel_norm::KernelsFor<8>();
  return kernels;
}

/// Cancellation may leave less than nothing; a NaN stays one.
double NotNegative(double variance) { return variance < 0 ? 0 : variance; }

/// Runs f(slab, number of the slab) over all slabs in parallel.
template <typename F>
void ForEachSlab(const ChannelBlocks& shape, const F& f) {
  const int64_t blocks = shape.blocks(), size = shape.slab();
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < shape.slabs(); ++i) {
    f(Slab{i * size, (i + 1) * size, i % blocks * shape.block}, i);
  }
}

/// Adds up pairs of sums that were taken slab by slab; partial has 2 * block values a slab.
void AddSlabs(const ChannelBlocks& shape, const std::vector<double>& partial,
              std::vector<double>* first, std::vector<double>* second) {
  first->assign(shape.padded_channels(), 0);
  second->assign(shape.padded_channels(), 0);
  const double* sums = partial.data();
  for (int64_t n = 0; n < shape.num; ++n) {
    for (int64_t c = 0; c < shape.padded_channels(); c += shape.block, sums += 2 * shape.block) {
      for (int i = 0; i < shape.block; ++i) {
        (*first)[c + i] += sums[i];
        (*second)[c + i] += sums[shape.block + i];
      }
    }
  }
}

/// Two sums by channel; add(slab, sums) adds those of a slab.
template <typename Add>
void SumPairs(const ChannelBlocks& shape, const Add& add, std::vector<double>* first,
              std::vector<double>* second) {
  std::vector<double> partial(shape.slabs() * 2 * shape.block, 0.0);
  ForEachSlab(shape, [&](Slab slab, int64_t number) {
    add(slab, partial.data() + number * 2 * shape.block);
  });
  AddSlabs(shape, partial, first, second);
}

}  // namespace

ChannelMoments MomentsOfChannels(const ChannelBlocks& shape, const float* x) {
  ChannelMoments moments;
  // Differences to a value of the channel itself, so that a mean that is large against the
  // deviation does not cancel the variance.
  const auto centre = [&](int64_t channel) { return x + channel * shape.positions; };
  const Kernels& kernels = KernelsOf(shape);
  const auto add = [&](Slab slab, double* sums) {
    kernels.moments(slab, x, centre(slab.channel), sums);
  };
  SumPairs(shape, add, &moments.mean, &moments.variance);
  const double count = double(shape.num) * double(shape.positions);
  for (int64_t c = 0; c < shape.padded_channels(); ++c) {
    const int64_t lane = c % shape.block;
    const double shift = moments.mean[c] / count;
    moments.mean[c] = double(centre(c - lane)[lane]) + shift;
    moments.variance[c] = NotNegative(moments.variance[c] / count - shift * shift);
  }
  return moments;
}

void ChannelAffineForward(const ChannelBlocks& shape, const ChannelAffine& affine, const float* x,
                          float* y) {
  const Kernels& kernels = KernelsOf(shape);
  ForEachSlab(shape, [&](Slab slab, int64_t) { kernels.forward(slab, affine, x, y); });
}

GradientSums SumChannelGradient(const ChannelBlocks& shape, const ChannelAffine& affine,
                                const ChannelGradient& gradient, const float* x,
                                const float* centre, float* g) {
  GradientSums result;
  const Kernels& kernels = KernelsOf(shape);
  const auto add = [&](Slab slab, double* sums) {
    kernels.sum_gradient(slab, affine, gradient, x, centre, g, sums);
  };
  SumPairs(shape, add, &result.gradient, &result.gradient_x);
  return result;
}

void ChannelAffineBackward(const ChannelBlocks& shape, const ChannelAffine& affine,
                           const ChannelGradient& gradient, const ChannelBackward& backward,
                           const float* x, float* dx) {
  const Kernels& kernels = KernelsOf(shape);
  ForEachSlab(shape, [&](Slab slab, int64_t) {
    kernels.backward(slab, affine, gradient, backward, x, dx);
  });
}

}  // namespace caffe
