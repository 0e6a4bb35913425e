#ifndef CAFFE_NATIVE_WINOGRAD_KERNELS_HPP_
#define CAFFE_NATIVE_WINOGRAD_KERNELS_HPP_

#include <cstddef>

#include "caffe/native/activation.hpp"

// What the vector code of the Winograd convolution offers. It is compiled once for each
// instruction set, so this header holds no function that a compiler could emit out of line:
// the linker might keep the copy that an older processor cannot run.
//
// Images are in oneDNN's nChw8c or nChw16c: num x channel blocks x h x w x lanes, a block being
// as many channels as a vector has lanes. All arrays but the bias are aligned to vectors.

namespace caffe::winograd {

/// How a batch of images falls into tiles of 4x4 outputs; tiles are numbered row by row, image
/// by image. Each reads the 6x6 inputs from (4 row - pad_h, 4 column - pad_w) on.
struct TileGrid {
  int num;
  int in_h, in_w;
  int out_h, out_w;
  int pad_h, pad_w;
  int rows, columns;  // tiles of one image
};

struct Range {
  int first, count;
};

/// Tiles of channel blocks at the points: 36 planes of block x tile x lane.
struct PointPlanes {
  float* data;
  std::ptrdiff_t plane;  // floats from one point to the next
  int tiles;             // in each block of a plane
};

/// What a block of images has to give to a block of picked channels.
struct PickedLanes {
  int block;                 // of the images
  alignas(64) int from[16];  // for each lane one of that block's, or -1
};

/// Some channels of images, side by side in blocks of their own: block b takes its lanes from
/// lanes[first[b]] up to lanes[first[b + 1]]; those that none of these gives are zero.
struct ChannelPick {
  const PickedLanes* lanes;
  const int* first;
};

/// The gradient of a layer's filters: out x in x taps.
struct FiltersDiff {
  float* data;
  int in;
  const int* out_channels;  // null, or which ones the computed ones are
  const int* in_channels;
};

/// A layer's filters as out x in matrices, one for each of nine taps; the taps of a pair of
/// channels lie side by side. The data gradient is a convolution of the output's gradient with
/// `in` and `out` exchanged and the taps reversed.
struct Filters {
  const float* data;
  int out, in;
  std::ptrdiff_t out_stride, in_stride;
  bool reversed;
};

/// What becomes of outputs before they are stored: bias and residual are added, then the
/// activation is applied.
struct OutputTail {
  const float* bias = nullptr;      // null, or for all channels of the blocks
  const float* residual = nullptr;  // null, or as the output
  Activation activation;
};

struct Transforms {
  /// planes = B^T d B of `tiles` of `blocks`. planes.data is block 0, and the first of `tiles`.
  /// @param src_blocks  channel blocks of an image
  /// @param pick        null, or the channels that `blocks` are of
  void (*input)(const TileGrid& grid, const float* src, int src_blocks, const ChannelPick* pick,
                Range tiles, Range blocks, PointPlanes planes);
  /// dst = tail(A^T m A). planes.data is the first of `blocks` and of `tiles`.
  void (*output)(const TileGrid& grid, PointPlanes planes, const OutputTail& tail, float* dst,
                 int dst_blocks, Range tiles, Range blocks);
  /// planes = A y A^T of the gradient of the output. planes.data is block 0, and the first of
  /// `tiles`.
  void (*output_gradient)(const TileGrid& grid, const float* dst_diff, int dst_blocks,
                          const ChannelPick* pick, Range tiles, Range blocks, PointPlanes planes);
  /// sums (block x lane) = the sums of an image's values over the batch, for some blocks.
  void (*channel_sums)(const float* images, int num, int image_blocks, std::ptrdiff_t positions,
                       Range blocks, float* sums);
  /// u = G g G^T as point x input channel x output lane, for `vectors` (1 or 2) of output
  /// channels. Lanes past the last channel are zero.
  void (*filters)(const Filters& filters, int first_out, int vectors, Range in, float* u);
  /// filters_diff += G^T m G of the computed channels `out` and `in`, m being point x output lane x
  /// vector x input lane.
  void (*filters_gradient)(const float* m, Range out, Range in, int vectors,
                           const FiltersDiff& filters_diff);
};

/// Output channels of the filters' gradient are computed in steps of so many.
constexpr int kOutputStep = 4;

struct Products {
  /// Tiles that the forward product holds in registers.
  int tile_rows;
  /// m = [m +] sum over channels of x u at every point. x.data is the first of these channels;
  /// u and m have `vectors` (1 or 2) of output channels.
  void (*forward)(PointPlanes x, int channels, const float* u, int vectors, bool add,
                  PointPlanes m);
  /// m = [m +] sum over tiles of y x at the given points, m being point x output lane x vector
  /// x input lane. x.data is the first of `vectors` (1 or 2) blocks, y.data the block, of which
  /// `outs` lanes are wanted.
  void (*gradient)(PointPlanes x, PointPlanes y, int vectors, int outs, Range points, bool add,
                   float* m);
};

/// The vector code for one width.
template <int kLanes>
const Transforms& TransformsFor();
template <int kLanes>
const Products& ProductsFor();

}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_KERNELS_HPP_
