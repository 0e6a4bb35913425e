#ifndef CAFFE_DROP_BLOCK_KERNELS_HPP_
#define CAFFE_DROP_BLOCK_KERNELS_HPP_

#include <cstdint>

#include "caffe/layers/map_factor_kernels.hpp"
#include "caffe/util/philox.hpp"

namespace caffe {

/// Maps of height x width, and the blocks that fit into one.
struct DropBlockShape {
  int64_t maps = 0;
  int height = 0, width = 0;
  int block_height = 0, block_width = 0;

  CAFFE_HD int positions() const { return height * width; }
  /// Places of a block's first corner.
  CAFFE_HD int columns() const { return width - block_width + 1; }
  CAFFE_HD int places() const { return (height - block_height + 1) * columns(); }
  /// Words of 32 bits that hold a bit for each position of a map.
  CAFFE_HD int words() const { return (positions() + 31) / 32; }
};

/// A block is dropped at place p of map m where word first + m * places + p of `random` is below
/// `bound`.
/// @param keep  out, words() words a map: a bit for each position, 1 outside of all dropped blocks
/// @param kept  out, for each map the number of such positions
template <class Device>
void draw_blocks(DropBlockShape shape, Philox random, uint64_t first, uint64_t bound,
                 unsigned int* keep, unsigned int* kept);

/// *scale = maps * positions / (sum of kept), or 0 where nothing is kept.
template <class Device, class Dtype>
void block_scale(int64_t maps, int64_t positions, const unsigned int* kept, Dtype* scale);

/// y = *scale * x where the bit is 1, else 0; x and y may be the same.
/// @param words  of a map
template <class Device, class Dtype>
void keep_blocks(MapLayout layout, int words, const unsigned int* keep, const Dtype* scale,
                 const Dtype* x, Dtype* y);

}  // namespace caffe

#endif  // CAFFE_DROP_BLOCK_KERNELS_HPP_
