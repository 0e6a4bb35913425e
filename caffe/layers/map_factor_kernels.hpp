#ifndef CAFFE_MAP_FACTOR_KERNELS_HPP_
#define CAFFE_MAP_FACTOR_KERNELS_HPP_

#include <cstdint>

#include "caffe/util/philox.hpp"

namespace caffe {

/// num x channels maps of `positions` values. Channels come in blocks of `block`, 1 for plain
/// memory: for each sample and block, positions x block values. `block` divides the channels.
struct MapLayout {
  int64_t num = 0;
  int64_t channels = 0;
  int64_t positions = 0;
  int block = 1;

  /// Runs of `block` values, those of one position.
  int64_t rows() const { return num * channels / block * positions; }
};

/// factor[i] = 0 where word first + i of `random` is below `bound`, else `kept`; n factors. With
/// `shared` all of them are the first.
template <class Device, class Dtype>
void draw_factors(int64_t n, bool shared, Philox random, uint64_t first, uint64_t bound, Dtype kept,
                  Dtype* factor);

/// y = factor[map] * x, and 0 where the factor is 0, whatever x is; x and y may be the same.
template <class Device, class Dtype>
void scale_maps(MapLayout layout, const Dtype* factor, const Dtype* x, Dtype* y);

}  // namespace caffe

#endif  // CAFFE_MAP_FACTOR_KERNELS_HPP_
