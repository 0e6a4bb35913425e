#include "caffe/layers/drop_block_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

namespace {

/// Clears the bits of the block at (top, left). @return how many were set
CAFFE_HD inline int ClearBlock(const DropBlockShape& shape, int top, int left, unsigned int* keep) {
  int cleared = 0;
  for (int h = top; h < top + shape.block_height; ++h) {
    for (int w = left; w < left + shape.block_width; ++w) {
      const int position = h * shape.width + w;
      unsigned int* const word = keep + position / 32;
      const unsigned int bit = 1u << (position % 32);
      cleared += (*word & bit) != 0;
      *word &= ~bit;
    }
  }
  return cleared;
}

}  // namespace

template <class Device>
void draw_blocks(DropBlockShape shape, Philox random, uint64_t first, uint64_t bound,
                 unsigned int* keep, unsigned int* kept) {
  const int places = shape.places(), columns = shape.columns(), words = shape.words();
  ForEach<Device>(shape.maps, [=] CAFFE_HD(int64_t m) {
    unsigned int* const map = keep + m * words;
    for (int w = 0; w < words; ++w) map[w] = 0xffffffffu;
    int left = shape.positions();
    Philox::Block draws{};
    for (int p = 0; p < places; ++p) {
      const uint64_t word = first + uint64_t(m * places + p);
      // One evaluation of the generator gives four words.
      if (p == 0 || word % 4 == 0) draws = random.block(word / 4);
      if (draws.word[word % 4] < bound) {
        left -= ClearBlock(shape, p / columns, p % columns, map);
      }
    }
    kept[m] = unsigned(left);
  });
}

template <class Device, class Dtype>
void block_scale(int64_t maps, int64_t positions, const unsigned int* kept, Dtype* scale) {
  Reduce<Device>(
      1, 1, maps, [=] CAFFE_HD(int64_t, int64_t, int64_t m) { return int64_t(kept[m]); },
      [=] CAFFE_HD(int64_t, int64_t total) {
        *scale = total == 0 ? Dtype(0) : Dtype(double(maps * positions) / double(total));
      });
}

template <class Device, class Dtype>
void keep_blocks(MapLayout layout, int words, const unsigned int* keep, const Dtype* scale,
                 const Dtype* x, Dtype* y) {
  const int64_t positions = layout.positions, block = layout.block;
  if (block == 1) {
    ForEachPlane<Device>(layout.num * layout.channels, positions,
                         [=] CAFFE_HD(int64_t p, int64_t k) {
                           const unsigned int word = keep[p * words + (k >> 5)];
                           const Dtype scaled = *scale * x[p * positions + k];
                           y[p * positions + k] = (word >> (k & 31)) & 1u ? scaled : Dtype(0);
                         });
    return;
  }
  // Row q is the channels of a block at one position.
  ForEachPlane<Device>(layout.rows(), block, [=] CAFFE_HD(int64_t q, int64_t k) {
    const int64_t slab = q / positions, position = q - slab * positions;
    const unsigned int word = keep[(slab * block + k) * words + (position >> 5)];
    const Dtype scaled = *scale * x[q * block + k];
    y[q * block + k] = (word >> (position & 31)) & 1u ? scaled : Dtype(0);
  });
}

#define INSTANTIATE_DRAWS(Device)                                                          \
  template void draw_blocks<Device>(DropBlockShape, Philox, uint64_t, uint64_t, unsigned*, \
                                    unsigned*);
CAFFE_INSTANTIATE_DEVICES(INSTANTIATE_DRAWS)

#define INSTANTIATE(Device, Dtype)                                                        \
  template void block_scale<Device, Dtype>(int64_t, int64_t, const unsigned*, Dtype*);    \
  template void keep_blocks<Device, Dtype>(MapLayout, int, const unsigned*, const Dtype*, \
                                           const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
