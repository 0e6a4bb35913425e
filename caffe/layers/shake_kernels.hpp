#ifndef CAFFE_SHAKE_KERNELS_HPP_
#define CAFFE_SHAKE_KERNELS_HPP_

#include <cstdint>

#include "caffe/util/philox.hpp"

namespace caffe {

/// Where a uniform number of each sample comes from: element i of the draws that begin at `first`,
/// or for all samples element 0.
template <class Dtype>
struct UniformSource {
  uint64_t first = 0;
  bool shared = false;
  Dtype min = 0, max = 1;
};

/// For each of n samples a uniform number, and what it lacks to 1.
template <class Device, class Dtype>
void draw_shares(int64_t n, Philox random, UniformSource<Dtype> source, Dtype* share, Dtype* rest);

/// y = a[i] * f + b[i] * g (+ x) for each sample i of `inner` values; x may be null.
template <class Device, class Dtype>
void mix_samples(int64_t num, int64_t inner, const Dtype* a, const Dtype* f, const Dtype* b,
                 const Dtype* g, const Dtype* x, Dtype* y);

/// Of ShakeDrop: b is 0 where the word of the gate is below `bound`, else 1.
template <class Dtype>
struct ShakeDropDraws {
  uint64_t gate_first = 0;
  bool gate_shared = false;
  uint64_t bound = 0;
  UniformSource<Dtype> alpha, beta;
};

/// forward[i] = b + a - b a and backward[i] = b + B - b B with a from alpha and B from beta;
/// n factors.
template <class Device, class Dtype>
void draw_shake_drop(int64_t n, Philox random, ShakeDropDraws<Dtype> draws, Dtype* forward,
                     Dtype* backward);

}  // namespace caffe

#endif  // CAFFE_SHAKE_KERNELS_HPP_
