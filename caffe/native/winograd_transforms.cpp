#include "caffe/native/vector_activation.hpp"
#include "caffe/native/winograd_kernels.hpp"
#include "caffe/native/winograd_maths.hpp"
#include "caffe/native/winograd_vector.hpp"

namespace caffe::winograd {
namespace {

alignas(64) constexpr float kZeros[kReach * kLanes] = {};

/// A square of `size` x `size` positions of one channel block, of which some may lie outside.
/// Missing rows read zeros; columns that exist are [first, last).
template <int kSize>
struct Window {
  const float* row[kSize];
  int first, last;

  Window(const float* image, int h, int w, int top, int left) {
    first = Max(0, -left);
    last = Min(kSize, w - left);
    for (int r = 0; r < kSize; ++r) {
      const bool inside = top + r >= 0 && top + r < h;
      row[r] = inside ? image + (std::ptrdiff_t(top + r) * w + left) * kLanes : kZeros;
    }
  }

  /// From a window of an image's first block to one of picked channels, whose values go to `to`.
  /// @param block  floats from one block of the image to the next
  void Pick(const PickedLanes* lanes, const PickedLanes* end, std::ptrdiff_t block, float* to) {
    const bool whole = first == 0 && last == kSize;
    for (int r = 0; r < kSize; ++r, to += kSize * kLanes) {
      if (row[r] == kZeros) continue;
      Vector values[kSize] = {};
      for (const PickedLanes* l = lanes; l != end; ++l) {
        const float* from = row[r] + l->block * block;
        for (int c = 0; c < kSize; ++c) {
          if (!whole && (c < first || c >= last)) continue;
          values[c] = Merge(values[c], Load(from + c * kLanes), l->from);
        }
      }
      for (int c = 0; c < kSize; ++c) Store(values[c], to + c * kLanes);
      row[r] = to;
    }
  }
};

/// Calls f(image, row, column, tile of the planes) for a range of tiles.
template <typename F>
inline void ForEachTile(const TileGrid& grid, Range tiles, const F& f) {
  const int per_image = grid.rows * grid.columns;
  int image = tiles.first / per_image;
  int row = tiles.first % per_image / grid.columns;
  int column = tiles.first % grid.columns;
  for (int t = 0; t < tiles.count; ++t) {
    f(image, row, column, t);
    if (++column < grid.columns) continue;
    column = 0;
    if (++row < grid.rows) continue;
    row = 0;
    ++image;
  }
}

/// Transforms one window with `line` in both directions and stores its 36 vectors.
template <int kSize, typename Line>
inline void WindowToPoints(const Window<kSize>& window, const Line& line, float* to,
                           std::ptrdiff_t plane) {
  Vector half[kReach][kSize];
  for (int c = 0; c < kSize; ++c) {
    if (c >= window.first && c < window.last) {
      Vector in[kSize], out[kReach];
      for (int r = 0; r < kSize; ++r) in[r] = Load(window.row[r] + c * kLanes);
      line(in, out);
      for (int i = 0; i < kReach; ++i) half[i][c] = out[i];
    } else {
      for (int i = 0; i < kReach; ++i) half[i][c] = Vector{};
    }
  }
  for (int i = 0; i < kReach; ++i) {
    Vector out[kReach];
    line(half[i], out);
    for (int j = 0; j < kReach; ++j) Store(out[j], to + (i * kReach + j) * plane);
  }
}

/// Images whose windows of kSize x kSize lie at multiples of kTile from (-pad_h, -pad_w) on.
struct Images {
  const float* data;
  int blocks, h, w, pad_h, pad_w;
};

template <int kSize, typename Line>
inline void ImagesToPoints(const TileGrid& grid, const Images& images, const ChannelPick* pick,
                           Range tiles, Range blocks, const Line& line, PointPlanes planes) {
  alignas(64) float picked[kSize * kSize * kLanes];
  const std::ptrdiff_t block_size = std::ptrdiff_t(images.h) * images.w * kLanes;
  for (int b = blocks.first; b < blocks.first + blocks.count; ++b) {
    float* to = planes.data + std::ptrdiff_t(b) * planes.tiles * kLanes;
    ForEachTile(grid, tiles, [&](int n, int row, int column, int t) {
      const std::ptrdiff_t block = std::ptrdiff_t(n) * images.blocks + (pick ? 0 : b);
      Window<kSize> window(images.data + block * block_size, images.h, images.w,
                           row * kTile - images.pad_h, column * kTile - images.pad_w);
      if (pick != nullptr) {
        window.Pick(pick->lanes + pick->first[b], pick->lanes + pick->first[b + 1], block_size,
                    picked);
      }
      WindowToPoints(window, line, to + t * kLanes, planes.plane);
    });
  }
}

void Input(const TileGrid& grid, const float* src, int src_blocks, const ChannelPick* pick,
           Range tiles, Range blocks, PointPlanes planes) {
  ImagesToPoints<kReach>(
      grid, {src, src_blocks, grid.in_h, grid.in_w, grid.pad_h, grid.pad_w}, pick, tiles, blocks,
      [](const auto& in, auto& out) { InputToPoints(in, out); }, planes);
}

void OutputGradient(const TileGrid& grid, const float* dst_diff, int dst_blocks,
                    const ChannelPick* pick, Range tiles, Range blocks, PointPlanes planes) {
  ImagesToPoints<kTile>(
      grid, {dst_diff, dst_blocks, grid.out_h, grid.out_w, 0, 0}, pick, tiles, blocks,
      [](const auto& in, auto& out) { OutputToPoints(in, out); }, planes);
}

template <Activation::Kind kKind, bool kResidual>
void OutputAs(const TileGrid& grid, PointPlanes planes, const OutputTail& tail, float* dst,
              int dst_blocks, Range tiles, Range blocks) {
  const Activation activation = tail.activation;
  const std::ptrdiff_t image_size = std::ptrdiff_t(grid.out_h) * grid.out_w * kLanes;
  for (int i = 0; i < blocks.count; ++i) {
    const int b = blocks.first + i;
    const float* from = planes.data + std::ptrdiff_t(i) * planes.tiles * kLanes;
    Vector shift = {};
    if (tail.bias != nullptr) __builtin_memcpy(&shift, tail.bias + b * kLanes, sizeof(shift));
    ForEachTile(grid, tiles, [&](int n, int row, int column, int t) {
      Vector half[kTile][kReach];
      for (int c = 0; c < kReach; ++c) {
        Vector in[kReach], out[kTile];
        for (int r = 0; r < kReach; ++r) {
          in[r] = Load(from + (r * kReach + c) * planes.plane + t * kLanes);
        }
        PointsToOutput(in, out);
        for (int r = 0; r < kTile; ++r) half[r][c] = out[r];
      }
      const int height = Min(kTile, grid.out_h - row * kTile);
      const int width = Min(kTile, grid.out_w - column * kTile);
      const std::ptrdiff_t image = (std::ptrdiff_t(n) * dst_blocks + b) * image_size;
      for (int r = 0; r < height; ++r) {
        const std::ptrdiff_t at =
            image + (std::ptrdiff_t(row * kTile + r) * grid.out_w + column * kTile) * kLanes;
        Vector out[kTile];
        PointsToOutput(half[r], out);
        for (int c = 0; c < kTile; ++c) {
          if (c >= width) continue;
          Vector y = out[c] + shift;
          if constexpr (kResidual) y += Load(tail.residual + at + c * kLanes);
          Store(Activate<kKind>(activation, y), dst + at + c * kLanes);
        }
      }
    });
  }
}

void Output(const TileGrid& grid, PointPlanes planes, const OutputTail& tail, float* dst,
            int dst_blocks, Range tiles, Range blocks) {
  WithKind(tail.activation.kind, [&](auto kind) {
    constexpr Activation::Kind kKind = decltype(kind)::kind;
    const auto run = tail.residual != nullptr ? OutputAs<kKind, true> : OutputAs<kKind, false>;
    run(grid, planes, tail, dst, dst_blocks, tiles, blocks);
  });
}

void ChannelSums(const float* images, int num, int image_blocks, std::ptrdiff_t positions,
                 Range blocks, float* sums) {
  for (int b = blocks.first; b < blocks.first + blocks.count; ++b) {
    Vector sum = {};
    for (int n = 0; n < num; ++n) {
      const float* image = images + (std::ptrdiff_t(n) * image_blocks + b) * positions * kLanes;
      Vector part[4] = {};
      std::ptrdiff_t i = 0;
      for (; i + 4 <= positions; i += 4) {
        for (int j = 0; j < 4; ++j) part[j] += Load(image + (i + j) * kLanes);
      }
      for (; i < positions; ++i) part[0] += Load(image + i * kLanes);
      sum += (part[0] + part[1]) + (part[2] + part[3]);
    }
    Store(sum, sums + std::ptrdiff_t(b - blocks.first) * kLanes);
  }
}

/// Input channels whose taps are brought into vectors together.
constexpr int kFilterRun = 16;

void FilterTransform(const Filters& filters, int first_out, int vectors, Range in, float* u) {
  alignas(64) float taps[kFilterRun][kTaps * kTaps][2 * kLanes];
  const int width = vectors * kLanes;
  const int lanes = Min(width, filters.out - first_out);
  const std::ptrdiff_t plane = std::ptrdiff_t(in.count) * width;
  if (lanes < width) __builtin_memset(taps, 0, sizeof(taps));
  for (int start = 0; start < in.count; start += kFilterRun) {
    const int run = Min(kFilterRun, in.count - start);
    for (int lane = 0; lane < lanes; ++lane) {
      for (int c = 0; c < run; ++c) {
        const float* from = filters.data + (first_out + lane) * filters.out_stride +
                            (in.first + start + c) * filters.in_stride;
        for (int tap = 0; tap < kTaps * kTaps; ++tap) {
          taps[c][tap][lane] = from[filters.reversed ? kTaps * kTaps - 1 - tap : tap];
        }
      }
    }
    for (int c = 0; c < run; ++c) {
      for (int v = 0; v < vectors; ++v) {
        Vector half[kReach][kTaps];
        for (int column = 0; column < kTaps; ++column) {
          Vector g[kTaps], out[kReach];
          for (int r = 0; r < kTaps; ++r) g[r] = Load(&taps[c][r * kTaps + column][v * kLanes]);
          FilterToPoints(g, out);
          for (int i = 0; i < kReach; ++i) half[i][column] = out[i];
        }
        float* to = u + std::ptrdiff_t(start + c) * width + v * kLanes;
        for (int i = 0; i < kReach; ++i) {
          Vector out[kReach];
          FilterToPoints(half[i], out);
          for (int j = 0; j < kReach; ++j) Store(out[j], to + (i * kReach + j) * plane);
        }
      }
    }
  }
}

void FiltersGradient(const float* m, Range out, Range in, int vectors,
                     const FiltersDiff& filters_diff) {
  const int width = vectors * kLanes;
  alignas(64) float taps[kTaps * kTaps][2 * kLanes];
  for (int o = 0; o < out.count; ++o) {
    for (int v = 0; v < vectors; ++v) {
      const float* from = m + o * width + v * kLanes;
      Vector half[kTaps][kReach];
      for (int c = 0; c < kReach; ++c) {
        Vector u[kReach], g[kTaps];
        for (int r = 0; r < kReach; ++r) u[r] = Load(from + (r * kReach + c) * kLanes * width);
        PointsToFilter(u, g);
        for (int r = 0; r < kTaps; ++r) half[r][c] = g[r];
      }
      for (int r = 0; r < kTaps; ++r) {
        Vector g[kTaps];
        PointsToFilter(half[r], g);
        for (int c = 0; c < kTaps; ++c) Store(g[c], &taps[r * kTaps + c][v * kLanes]);
      }
    }
    const auto channel = [](const int* channels, int i) { return channels ? channels[i] : i; };
    float* row =
        filters_diff.data + std::ptrdiff_t(channel(filters_diff.out_channels, out.first + o)) *
                                filters_diff.in * kTaps * kTaps;
    for (int i = 0; i < in.count; ++i) {
      float* to = row + channel(filters_diff.in_channels, in.first + i) * kTaps * kTaps;
      for (int tap = 0; tap < kTaps * kTaps; ++tap) to[tap] += taps[tap][i];
    }
  }
}

}  // namespace

template <>
const Transforms& TransformsFor<kLanes>() {
  static constexpr Transforms transforms = {Input,       Output,          OutputGradient,
                                            ChannelSums, FilterTransform, FiltersGradient};
  return transforms;
}

}  // namespace caffe::winograd
