#ifndef CAFFE_UTIL_RANDOM_DRAWS_HPP_
#define CAFFE_UTIL_RANDOM_DRAWS_HPP_

#include <cmath>
#include <cstdint>

#include "caffe/util/philox.hpp"

/// Element i of a random array, as a pure function of a Philox sequence: the same on every
/// thread and device (Gaussians up to the rounding of log, sin and cos). `first` is the position
/// of the array's first word (PhiloxEngine::Reserve), a multiple of four.

namespace caffe {

/// Words of the sequence that an element takes.
template <typename Dtype>
struct DrawWords {
  static constexpr uint64_t kUniform = sizeof(Dtype) / 4;
  /// Gaussians come in pairs: a last odd one takes a whole pair's words.
  static constexpr uint64_t gaussian(uint64_t n) { return (n + 1) / 2 * 2 * kUniform; }
};

/// Uniform in [0, 1], both ends possible, 24 bits.
CAFFE_HD inline float UnitDraw(const Philox& philox, uint64_t first, uint64_t i, float) {
  return float(philox.u32(first + i) >> 8) * float(1.0 / 0xffffff);
}

/// The same with 53 bits.
CAFFE_HD inline double UnitDraw(const Philox& philox, uint64_t first, uint64_t i, double) {
  const Philox::Block block = philox.block((first + 2 * i) / 4);
  const uint32_t* word = block.word + 2 * (i % 2);
  const uint64_t bits = (uint64_t(word[1]) << 32 | word[0]) >> 11;
  return double(bits) * (1.0 / double((uint64_t(1) << 53) - 1));
}

/// Uniform in [a, b], both ends possible.
template <typename Dtype>
CAFFE_HD inline Dtype UniformDraw(const Philox& philox, uint64_t first, uint64_t i, Dtype a,
                                  Dtype b) {
  const Dtype draw = std::fma(b - a, UnitDraw(philox, first, i, Dtype()), a);
  return draw > b ? b : draw;
}

/// The two uniform numbers of a Box-Muller pair: u in (0, 1], v in [0, 1).
CAFFE_HD inline void GaussianPair(const Philox& philox, uint64_t first, uint64_t pair, float* u,
                                  float* v) {
  const Philox::Block block = philox.block((first + 2 * pair) / 4);
  const uint32_t* word = block.word + 2 * (pair % 2);
  *u = (float(word[0]) + 1.0f) * 0x1p-32f;
  *v = float(word[1] >> 8) * 0x1p-24f;
}

CAFFE_HD inline void GaussianPair(const Philox& philox, uint64_t first, uint64_t pair, double* u,
                                  double* v) {
  const Philox::Block block = philox.block(first / 4 + pair);
  const uint32_t* word = block.word;
  *u = (double((uint64_t(word[1]) << 32 | word[0]) >> 11) + 1.0) * 0x1p-53;
  *v = double((uint64_t(word[3]) << 32 | word[2]) >> 11) * 0x1p-53;
}

/// Normally distributed. Elements 2j and 2j + 1 are a pair.
/// Source: Box and Muller, "A note on the generation of random normal deviates", 1958.
template <typename Dtype>
CAFFE_HD inline Dtype GaussianDraw(const Philox& philox, uint64_t first, uint64_t i, Dtype mu,
                                   Dtype sigma) {
  Dtype u, v;
  GaussianPair(philox, first, i / 2, &u, &v);
  const Dtype radius = std::sqrt(Dtype(-2) * std::log(u));
  const Dtype angle = Dtype(6.283185307179586) * v;
  return mu + sigma * radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

/// True with the probability that `bound`, from BernoulliBound, stands for. One word each.
CAFFE_HD inline bool BernoulliDraw(const Philox& philox, uint64_t first, uint64_t i,
                                   uint64_t bound) {
  return philox.u32(first + i) < bound;
}

}  // namespace caffe

#endif  // CAFFE_UTIL_RANDOM_DRAWS_HPP_
