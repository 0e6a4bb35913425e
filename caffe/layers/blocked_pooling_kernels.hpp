#ifndef CAFFE_BLOCKED_POOLING_KERNELS_HPP_
#define CAFFE_BLOCKED_POOLING_KERNELS_HPP_

#include "caffe/layers/pooling_window.hpp"

// The vector code behind blocked_pooling.hpp. It is compiled once for each instruction set, so
// this header holds no function that a compiler could emit out of line: the linker might keep the
// copy that an older processor cannot run.

namespace caffe::blocked_pooling {

/// One row of windows over one image of one channel block.
struct WindowRow {
  const float* image;
  int width;  // of the image
  PoolRange rows;
  const PoolRange* columns;  // of each window
  int windows;
};

struct Kernels {
  /// The maxima of a row of windows, and the places h * width + w where they were found first;
  /// -FLT_MAX and -1 for an empty window.
  void (*max_row)(const WindowRow& row, float* top, int* origin);
  /// The sums of a row of windows, each divided by its area.
  void (*average_row)(const WindowRow& row, const float* areas, float* top);
};

template <int kLanes>
Kernels KernelsFor();
template <>
Kernels KernelsFor<8>();
template <>
Kernels KernelsFor<16>();

}  // namespace caffe::blocked_pooling

#endif  // CAFFE_BLOCKED_POOLING_KERNELS_HPP_
