#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "caffe/native/thread_scratch.hpp"
#include "caffe/native/winograd_blocking.hpp"
#include "caffe/native/winograd_passes.hpp"

// At every point the gradient of the filters is a product of two matrices, output gradient
// (output channel x tile) and input (tile x input channel). All threads transform both for as
// many tiles as fit a shared cache, then each adds up blocks of the products: one block of
// output channels by one or two of input channels. Of a part of the channels, the transforms read
// those of the part only, as if they lay side by side; all that follows has fewer channels.

namespace caffe::winograd {
namespace {

/// Both operands at the points, in floats; see winograd_passes.cpp.
constexpr int64_t kSharedOperands = 9 << 18;
/// Channel blocks of input in a block of sums.
constexpr int kVectors = 2;

/// Some channels of images, in rising order, as blocks of `lanes` that are read side by side.
class Picked {
 public:
  Picked(const std::vector<int>& channels, int lanes) {
    for (size_t i = 0; i < channels.size(); ++i) {
      const int block = channels[i] / lanes;
      const bool begins = i % lanes == 0;
      if (begins) first_.push_back(static_cast<int>(lanes_.size()));
      if (begins || lanes_.back().block != block) {
        lanes_.push_back({block, {}});
        std::fill_n(lanes_.back().from, 16, -1);
      }
      lanes_.back().from[i % lanes] = channels[i] % lanes;
    }
    first_.push_back(static_cast<int>(lanes_.size()));
  }

  ChannelPick pick() const { return {lanes_.data(), first_.data()}; }

 private:
  std::vector<PickedLanes> lanes_;
  std::vector<int> first_;
};

/// One of the two operands.
struct Operand {
  const float* images;
  int image_blocks;
  const ChannelPick* pick;
  int channels, blocks;  // that are computed
};

struct GradientPass {
  const Kernels& kernels;
  const TileGrid& grid;
  Operand out, in;
  FiltersDiff filters_diff;

  int in_groups() const { return static_cast<int>(CeilDiv(in.blocks, kVectors)); }
  int blocks() const { return out.blocks * in_groups(); }
  int64_t block_size() const { return int64_t(kPoints) * kernels.lanes * kVectors * kernels.lanes; }
  Range out_channels(int i) const { return Group(out.channels, kernels.lanes, i / in_groups()); }
  Range in_channels(int i) const {
    return Group(in.channels, kVectors * kernels.lanes, i % in_groups());
  }
  int vectors(int i) const { return Group(in.blocks, kVectors, i % in_groups()).count; }
};

/// Sums of block `i` at some points, over the tiles of x and y.
void AddProducts(const GradientPass& pass, PointPlanes x, PointPlanes y, int i, Range points,
                 bool add, float* m) {
  const int lanes = pass.kernels.lanes;
  const Range in = pass.in_channels(i), out = pass.out_channels(i);
  pass.kernels.products.gradient(FromBlock(x, in.first / lanes, lanes),
                                 FromBlock(y, out.first / lanes, lanes), pass.vectors(i), out.count,
                                 points, add, m);
}

/// Turns the complete sums of block `i` into gradients.
void AddBlock(const GradientPass& pass, int i, const float* m) {
  pass.kernels.transforms.filters_gradient(m, pass.out_channels(i), pass.in_channels(i),
                                           pass.vectors(i), pass.filters_diff);
}

/// Within a parallel region: both operands at the points.
void TransformOperands(const GradientPass& pass, Range tiles, PointPlanes x, PointPlanes y) {
  const Transforms& transforms = pass.kernels.transforms;
  const Operand &in = pass.in, &out = pass.out;
#pragma omp for schedule(dynamic)
  for (int b = 0; b < in.blocks + out.blocks; ++b) {
    if (b < in.blocks) {
      transforms.input(pass.grid, in.images, in.image_blocks, in.pick, tiles, {b, 1}, x);
    } else {
      transforms.output_gradient(pass.grid, out.images, out.image_blocks, out.pick, tiles,
                                 {b - in.blocks, 1}, y);
    }
  }
}

void AddGradient(const GradientPass& pass) {
  const int lanes = pass.kernels.lanes, tiles = Tiles(pass.grid), threads = omp_get_max_threads();
  const int64_t in = pass.in.channels, out = pass.out.channels;

  // Sums that wait for more tiles need memory too; rather than that, more tiles at once.
  const int64_t fit =
      std::max<int64_t>(kSharedOperands / (int64_t(kPoints) * (out + in)), out * in / (out + in));
  const auto parts = CeilDiv(tiles, std::max<int64_t>(fit, 16));
  const auto most = static_cast<int>(CeilDiv(tiles, parts));
  const bool at_once = parts == 1 && pass.blocks() >= 4 * threads;

  const int64_t x_size = PlanesSize(pass.in.blocks, most, lanes);
  const int64_t y_size = PlanesSize(pass.out.blocks, most, lanes);
  const int sums = at_once ? threads : pass.blocks();
  float* shared = FloatScratch(x_size + y_size + sums * pass.block_size());
  float* m = shared + x_size + y_size;
#pragma omp parallel
  {
    for (int part = 0; part < parts; ++part) {
      const Range range = Part(tiles, parts, part);
      const PointPlanes x = Planes(shared, pass.in.blocks, range.count, lanes);
      const PointPlanes y = Planes(shared + x_size, pass.out.blocks, range.count, lanes);
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

}  // namespace

void AddFiltersGradient(const Kernels& kernels, const TileGrid& grid, int out, int in,
                        const WeightsPart* part, const float* src, const float* dst_diff,
                        float* filters_diff) {
  const auto blocks = [&](int channels) {
    return static_cast<int>(CeilDiv(channels, kernels.lanes));
  };
  GradientPass pass = {kernels,
                       grid,
                       {dst_diff, blocks(out), nullptr, out, blocks(out)},
                       {src, blocks(in), nullptr, in, blocks(in)},
                       {filters_diff, in, nullptr, nullptr}};
  if (part == nullptr) return AddGradient(pass);
  if (part->kept.empty()) return;
  const Picked picked(part->kept, kernels.lanes);
  const ChannelPick pick = picked.pick();
  const bool outputs = part->axis == 0;
  Operand& operand = outputs ? pass.out : pass.in;
  operand.pick = &pick;
  operand.channels = static_cast<int>(part->kept.size());
  operand.blocks = blocks(operand.channels);
  (outputs ? pass.filters_diff.out_channels : pass.filters_diff.in_channels) = part->kept.data();
  AddGradient(pass);
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
