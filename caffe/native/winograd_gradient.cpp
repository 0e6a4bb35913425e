#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "caffe/native/winograd_blocking.hpp"
#include "caffe/native/winograd_passes.hpp"
#include "caffe/native/winograd_scratch.hpp"

// At every point the gradient of the filters is a product of two matrices, output gradient
// (output channel x tile) and input (tile x input channel). All threads transform both for as
// many tiles as fit a shared cache, then each adds up blocks of the products: one block of
// output channels by one or two of input channels.

namespace caffe::winograd {
namespace {

/// Both operands at the points, in floats; see winograd_passes.cpp.
constexpr int64_t kSharedOperands = 9 << 18;
/// Channel blocks of input in a block of sums.
constexpr int kVectors = 2;

struct GradientPass {
  const Kernels& kernels;
  const TileGrid& grid;
  int out, in;
  const float* src;
  const float* dst_diff;
  float* filters_diff;
  int out_blocks, in_groups;

  int blocks() const { return out_blocks * in_groups; }
  int in_blocks() const { return static_cast<int>(CeilDiv(in, kernels.lanes)); }
  int64_t block_size() const { return int64_t(kPoints) * kernels.lanes * kVectors * kernels.lanes; }
};

/// Sums of block `i` at some points, over the tiles of x and y.
void AddProducts(const GradientPass& pass, PointPlanes x, PointPlanes y, int i, Range points,
                 bool add, float* m) {
  const Range in = Group(pass.in_blocks(), kVectors, i % pass.in_groups);
  pass.kernels.products.gradient(FromBlock(x, in.first, pass.kernels.lanes),
                                 FromBlock(y, i / pass.in_groups, pass.kernels.lanes), in.count,
                                 points, add, m);
}

/// Turns the complete sums of block `i` into gradients.
void AddBlock(const GradientPass& pass, int i, const float* m) {
  const int lanes = pass.kernels.lanes;
  const Range in = Group(pass.in_blocks(), kVectors, i % pass.in_groups);
  pass.kernels.transforms.filters_gradient(m, i / pass.in_groups * lanes, in.first * lanes,
                                           in.count, pass.out, pass.in, pass.filters_diff);
}

/// Within a parallel region: both operands at the points.
void TransformOperands(const GradientPass& pass, Range tiles, PointPlanes x, PointPlanes y) {
  const Transforms& transforms = pass.kernels.transforms;
  const int in_blocks = pass.in_blocks();
#pragma omp for schedule(dynamic)
  for (int b = 0; b < in_blocks + pass.out_blocks; ++b) {
    if (b < in_blocks) {
      transforms.input(pass.grid, pass.src, in_blocks, tiles, {b, 1}, x);
    } else {
      transforms.output_gradient(pass.grid, pass.dst_diff, pass.out_blocks, tiles,
                                 {b - in_blocks, 1}, y);
    }
  }
}

}  // namespace

void AddFiltersGradient(const Kernels& kernels, const TileGrid& grid, int out, int in,
                        const float* src, const float* dst_diff, float* filters_diff) {
  const int lanes = kernels.lanes, tiles = Tiles(grid), threads = omp_get_max_threads();
  GradientPass pass = {kernels, grid, out, in, src, dst_diff, filters_diff, 0, 0};
  pass.out_blocks = static_cast<int>(CeilDiv(out, lanes));
  pass.in_groups = static_cast<int>(CeilDiv(pass.in_blocks(), kVectors));

  // Sums that wait for more tiles need memory too; rather than that, more tiles at once.
  const int64_t fit = std::max<int64_t>(kSharedOperands / (int64_t(kPoints) * (out + in)),
                                        int64_t(out) * in / (out + in));
  const auto parts = CeilDiv(tiles, std::max<int64_t>(fit, 16));
  const auto most = static_cast<int>(CeilDiv(tiles, parts));
  const bool at_once = parts == 1 && pass.blocks() >= 4 * threads;

  const int64_t x_size = PlanesSize(pass.in_blocks(), most, lanes);
  const int64_t y_size = PlanesSize(pass.out_blocks, most, lanes);
  const int sums = at_once ? threads : pass.blocks();
  float* shared = Scratch(x_size + y_size + sums * pass.block_size());
  float* m = shared + x_size + y_size;
#pragma omp parallel
  {
    for (int part = 0; part < parts; ++part) {
      const Range range = Part(tiles, parts, part);
      const PointPlanes x = Planes(shared, pass.in_blocks(), range.count, lanes);
      const PointPlanes y = Planes(shared + x_size, pass.out_blocks, range.count, lanes);
      TransformOperands(pass, range, x, y);
      if (at_once) {
        float* own = m + omp_get_thread_num() * pass.block_size();
#pragma omp for schedule(dynamic)
        for (int i = 0; i < pass.blocks(); ++i) {
          AddProducts(pass, x, y, i, {0, kPoints}, false, own);
          AddBlock(pass, i, own);
        }
      } else {
        // Point by point, so that both planes of a point stay in a thread's cache.
#pragma omp for collapse(2) schedule(dynamic, pass.blocks())
        for (int point = 0; point < kPoints; ++point) {
          for (int i = 0; i < pass.blocks(); ++i) {
            AddProducts(pass, x, y, i, {point, 1}, part > 0, m + i * pass.block_size());
          }
        }
      }
    }
    if (!at_once) {
#pragma omp for schedule(static)
      for (int i = 0; i < pass.blocks(); ++i) AddBlock(pass, i, m + i * pass.block_size());
    }
  }
}

void AddBiasGradient(const Kernels& kernels, const TileGrid& grid, int out, const float* dst_diff,
                     float* bias_diff) {
  const int lanes = kernels.lanes, blocks = static_cast<int>(CeilDiv(out, lanes));
  const int64_t positions = int64_t(grid.out_h) * grid.out_w;
#pragma omp parallel for schedule(static)
  for (int b = 0; b < blocks; ++b) {
    alignas(64) float sums[16];
    kernels.transforms.channel_sums(dst_diff, grid.num, blocks, positions, {b, 1}, sums);
    for (int lane = 0; lane < std::min(lanes, out - b * lanes); ++lane) {
      bias_diff[b * lanes + lane] += sums[lane];
    }
  }
}

}  // namespace caffe::winograd
