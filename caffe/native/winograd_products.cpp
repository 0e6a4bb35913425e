#include "caffe/native/winograd_kernels.hpp"
#include "caffe/native/winograd_maths.hpp"
#include "caffe/native/winograd_vector.hpp"

// Blocks of sums stay in registers: with 32 of them 14 x 2 vectors of sums, two of the right
// operand and one broadcast; with 16 of them 6 x 2.

namespace caffe::winograd {
namespace {

constexpr int kTileRows = kLanes == 16 ? 14 : 6;
constexpr int kOutRows = kLanes == 16 ? 8 : 4;

/// The channels of one block, from `u` (channel x vector), added to kRows tiles' sums.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void AddChannels(const float* x, int channels, const float* u,
                                               Vector (&sum)[kRows][kVectors]) {
  const auto step = [&](int c) __attribute__((always_inline)) {
    Vector right[kVectors];
    for (int v = 0; v < kVectors; ++v) right[v] = Load(u + (c * kVectors + v) * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[r][v] += x[r * kLanes + c] * right[v];
    }
  };
  if (channels == kLanes) {
#pragma GCC unroll 4
    for (int c = 0; c < kLanes; ++c) step(c);
  } else {
    for (int c = 0; c < channels; ++c) step(c);
  }
}

/// The operands of one point's product over some tiles.
struct PointProduct {
  const float* x;
  std::ptrdiff_t x_block;  // floats from one channel block to the next
  int channels;
  const float* u;
  float* m;
  std::ptrdiff_t m_block;
  bool add;
};

template <int kRows, int kVectors>
void MultiplyRows(const PointProduct& p) {
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = p.add ? Load(p.m + v * p.m_block + r * kLanes) : Vector{};
    }
  }
  const float* x = p.x;
  const float* u = p.u;
  for (int c = 0; c < p.channels; c += kLanes) {
    AddChannels(x, Min(kLanes, p.channels - c), u, sum);
    x += p.x_block;
    u += kLanes * kVectors * kLanes;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) Store(sum[r][v], p.m + v * p.m_block + r * kLanes);
  }
}

/// The instance for a number of rows that is known at run time.
template <int kVectors, int kRows = kTileRows>
void MultiplyTiles(int rows, const PointProduct& p) {
  if (rows == kRows) {
    MultiplyRows<kRows, kVectors>(p);
  } else if constexpr (kRows > 1) {
    MultiplyTiles<kVectors, kRows - 1>(rows, p);
  }
}

void Forward(PointPlanes x, int channels, const float* u, int vectors, bool add, PointPlanes m) {
  const int groups = (x.tiles + kTileRows - 1) / kTileRows;
  for (int point = 0; point < kPoints; ++point) {
    for (int g = 0; g < groups; ++g) {
      // Groups of like size: a last one of few rows would wait for its own sums.
      const int first = x.tiles * g / groups, rows = x.tiles * (g + 1) / groups - first;
      const PointProduct product = {x.data + point * x.plane + first * kLanes,
                                    std::ptrdiff_t(x.tiles) * kLanes,
                                    channels,
                                    u + std::ptrdiff_t(point) * channels * vectors * kLanes,
                                    m.data + point * m.plane + first * kLanes,
                                    std::ptrdiff_t(m.tiles) * kLanes,
                                    add};
      if (vectors == 2) {
        MultiplyTiles<2>(rows, product);
      } else {
        MultiplyTiles<1>(rows, product);
      }
    }
  }
}

/// m (output lane x vector) [+]= sum over tiles, for kRows output lanes from y on.
template <int kVectors, int kRows>
void MultiplyOuts(const float* x, std::ptrdiff_t x_block, const float* y, int tiles, bool add,
                  float* m) {
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = add ? Load(m + (r * kVectors + v) * kLanes) : Vector{};
    }
  }
#pragma GCC unroll 2
  for (int t = 0; t < tiles; ++t) {
    Vector right[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) right[v] = Load(x + v * x_block + t * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[r][v] += y[t * kLanes + r] * right[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) Store(sum[r][v], m + (r * kVectors + v) * kLanes);
  }
}

void Gradient(PointPlanes x, PointPlanes y, int vectors, int outs, Range points, bool add,
              float* m) {
  constexpr decltype(&MultiplyOuts<1, kOutRows>) kMultiply[2][2] = {
      {MultiplyOuts<1, kOutputStep>, MultiplyOuts<1, kOutRows>},
      {MultiplyOuts<2, kOutputStep>, MultiplyOuts<2, kOutRows>}};
  const std::ptrdiff_t x_block = std::ptrdiff_t(x.tiles) * kLanes;
  for (int point = points.first; point < points.first + points.count; ++point) {
    for (int first = 0; first < outs; first += kOutRows) {
      const auto multiply = kMultiply[vectors - 1][outs - first > kOutputStep ? 1 : 0];
      multiply(x.data + point * x.plane, x_block, y.data + point * y.plane + first, x.tiles, add,
               m + (std::ptrdiff_t(point) * kLanes + first) * vectors * kLanes);
    }
  }
}

}  // namespace

template <>
const Products& ProductsFor<kLanes>() {
  static constexpr Products products = {kTileRows, Forward, Gradient};
  return products;
}

}  // namespace caffe::winograd
