#include "caffe/native/winograd_passes.hpp"

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "caffe/native/thread_scratch.hpp"
#include "caffe/native/winograd_blocking.hpp"

namespace caffe::winograd {
namespace {

// Sizes in floats that were found best where a core has 1 MiB of level-2 cache and shares the
// level-3 cache; halving or doubling them costs a few percent.

/// Filters at the points up to this size are kept for a whole pass, in the shared cache.
constexpr int64_t kSharedFilters = 3 << 18;
/// Inputs at the points that a thread takes from transform to product, in its own cache.
constexpr int64_t kOwnInputs = 1 << 17;
/// Inputs at the points that all threads share.
constexpr int64_t kSharedInputs = 9 << 18;
/// Tiles whose sums a thread holds while the input channels pass by.
constexpr int kMaxSharedTiles = 128;
/// Input channels whose filters a thread transforms just before it uses them.
constexpr int kFilterChannels = 64;

/// What the passes of a convolution have in common.
struct Pass {
  const Kernels& kernels;
  const TileGrid& grid;
  const Filters& filters;
  const float* src;
  const OutputTail& tail;
  float* dst;
  int in_blocks, out_blocks;
};

/// For filters that fit a cache: every thread takes tiles from input to output.
void ConvolveByTiles(const Pass& pass) {
  const int lanes = pass.kernels.lanes, in = pass.filters.in;
  const Transforms& transforms = pass.kernels.transforms;
  const int rows = pass.kernels.products.tile_rows;
  const int tiles = Tiles(pass.grid), groups = CeilDiv(pass.out_blocks, 2);
  const int threads = omp_get_max_threads();
  const int64_t fit = std::max<int64_t>(1, kOwnInputs / (int64_t(kPoints) * in * rows));
  const int64_t shared = std::max<int64_t>(1, tiles / (int64_t(rows) * threads * 2));
  const int most = static_cast<int>(std::min(fit, shared)) * rows;
  const auto parts = static_cast<int>(CeilDiv(tiles, most));

  const int64_t group_size = int64_t(kPoints) * in * 2 * lanes;
  const int64_t x_size = PlanesSize(pass.in_blocks, most, lanes);
  const int64_t own_size = x_size + PlanesSize(2, most, lanes);
  float* u = FloatScratch(groups * group_size + threads * own_size);
#pragma omp parallel
  {
    float* own = u + groups * group_size + omp_get_thread_num() * own_size;
#pragma omp for schedule(static)
    for (int g = 0; g < groups; ++g) {
      transforms.filters(pass.filters, g * 2 * lanes, Group(pass.out_blocks, 2, g).count, {0, in},
                         u + g * group_size);
    }
#pragma omp for schedule(dynamic)
    for (int part = 0; part < parts; ++part) {
      const Range range = Part(tiles, parts, part);
      const PointPlanes x = Planes(own, pass.in_blocks, range.count, lanes);
      const PointPlanes m = Planes(own + x_size, 2, range.count, lanes);
      transforms.input(pass.grid, pass.src, pass.in_blocks, nullptr, range, {0, pass.in_blocks}, x);
      for (int g = 0; g < groups; ++g) {
        const Range blocks = Group(pass.out_blocks, 2, g);
        pass.kernels.products.forward(x, in, u + g * group_size, blocks.count, false, m);
        transforms.output(pass.grid, m, pass.tail, pass.dst, pass.out_blocks, range, blocks);
      }
    }
  }
}

/// For filters too large to keep: the input of many tiles is transformed by all threads; then
/// each takes output channels, whose filters it transforms as it needs them.
void ConvolveByChannels(const Pass& pass) {
  const int lanes = pass.kernels.lanes, in = pass.filters.in;
  const Transforms& transforms = pass.kernels.transforms;
  const int tiles = Tiles(pass.grid), threads = omp_get_max_threads();
  const int64_t fit = std::max<int64_t>(1, kSharedInputs / (int64_t(kPoints) * in));
  const auto parts = CeilDiv(tiles, std::min<int64_t>(fit, kMaxSharedTiles));
  const auto most = static_cast<int>(CeilDiv(tiles, parts));
  const int vectors = pass.out_blocks >= 4 * threads ? 2 : 1;
  const int groups = CeilDiv(pass.out_blocks, vectors);

  const int64_t x_size = PlanesSize(pass.in_blocks, most, lanes);
  const int64_t u_size = int64_t(kPoints) * kFilterChannels * 2 * lanes;
  const int64_t own_size = u_size + PlanesSize(2, most, lanes);
  float* shared = FloatScratch(x_size + threads * own_size);
#pragma omp parallel
  {
    float* u = shared + x_size + omp_get_thread_num() * own_size;
    for (int part = 0; part < parts; ++part) {
      const Range range = Part(tiles, parts, part);
      const PointPlanes x = Planes(shared, pass.in_blocks, range.count, lanes);
      const PointPlanes m = Planes(u + u_size, vectors, range.count, lanes);
#pragma omp for schedule(dynamic)
      for (int b = 0; b < pass.in_blocks; ++b) {
        transforms.input(pass.grid, pass.src, pass.in_blocks, nullptr, range, {b, 1}, x);
      }
#pragma omp for schedule(dynamic)
      for (int g = 0; g < groups; ++g) {
        const Range blocks = Group(pass.out_blocks, vectors, g);
        for (int c = 0; c < in; c += kFilterChannels) {
          const Range channels = {c, std::min(kFilterChannels, in - c)};
          transforms.filters(pass.filters, blocks.first * lanes, blocks.count, channels, u);
          pass.kernels.products.forward(FromBlock(x, c / lanes, lanes), channels.count, u,
                                        blocks.count, c > 0, m);
        }
        transforms.output(pass.grid, m, pass.tail, pass.dst, pass.out_blocks, range, blocks);
      }
    }
  }
}

}  // namespace

TileGrid MakeTileGrid(int num, int in_h, int in_w, int pad_h, int pad_w) {
  const int out_h = in_h + 2 * pad_h - (kTaps - 1), out_w = in_w + 2 * pad_w - (kTaps - 1);
  return {num,
          in_h,
          in_w,
          out_h,
          out_w,
          pad_h,
          pad_w,
          static_cast<int>(CeilDiv(out_h, kTile)),
          static_cast<int>(CeilDiv(out_w, kTile))};
}

void Convolve(const Kernels& kernels, const TileGrid& grid, const Filters& filters,
              const float* src, const OutputTail& tail, float* dst) {
  const Pass pass = {kernels,
                     grid,
                     filters,
                     src,
                     tail,
                     dst,
                     static_cast<int>(CeilDiv(filters.in, kernels.lanes)),
                     static_cast<int>(CeilDiv(filters.out, kernels.lanes))};
  if (int64_t(kPoints) * filters.in * filters.out <= kSharedFilters) {
    ConvolveByTiles(pass);
  } else {
    ConvolveByChannels(pass);
  }
}

}  // namespace caffe::winograd
