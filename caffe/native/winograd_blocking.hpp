#ifndef CAFFE_NATIVE_WINOGRAD_BLOCKING_HPP_
#define CAFFE_NATIVE_WINOGRAD_BLOCKING_HPP_

#include <algorithm>
#include <cstdint>

#include "caffe/native/winograd_kernels.hpp"
#include "caffe/native/winograd_maths.hpp"

namespace caffe::winograd {

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Part `i` of `total` in `parts` of like size.
inline Range Part(int64_t total, int64_t parts, int64_t i) {
  const auto first = static_cast<int>(total * i / parts);
  return {first, static_cast<int>(total * (i + 1) / parts) - first};
}

/// Group `i` of at most `size` out of `total`.
inline Range Group(int total, int size, int i) {
  return {i * size, std::min(size, total - i * size)};
}

inline int Tiles(const TileGrid& grid) { return grid.num * grid.rows * grid.columns; }

/// Floats from one point to the next. An odd number of cache lines, so that the 36 planes do
/// not compete for the same lines of a cache.
inline int64_t PlaneSize(int blocks, int tiles, int lanes) {
  constexpr int kLine = 16;
  return (CeilDiv(int64_t(blocks) * tiles * lanes, kLine) | 1) * kLine;
}

/// Floats that PointPlanes of this size take.
inline int64_t PlanesSize(int blocks, int tiles, int lanes) {
  return kPoints * PlaneSize(blocks, tiles, lanes);
}

inline PointPlanes Planes(float* data, int blocks, int tiles, int lanes) {
  return {data, static_cast<std::ptrdiff_t>(PlaneSize(blocks, tiles, lanes)), tiles};
}

/// The same planes from another channel block on.
inline PointPlanes FromBlock(PointPlanes planes, int block, int lanes) {
  planes.data += int64_t(block) * planes.tiles * lanes;
  return planes;
}

}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_BLOCKING_HPP_
