#ifndef CAFFE_POOLING_WINDOW_HPP_
#define CAFFE_POOLING_WINDOW_HPP_

#include <cstdint>

#include "caffe/device/device.hpp"
#include "caffe/layers/pooling_kernels.hpp"

namespace caffe {

CAFFE_HD inline int PoolMin(int a, int b) { return a < b ? a : b; }
CAFFE_HD inline int PoolMax(int a, int b) { return a > b ? a : b; }

/// A half-open range along one axis.
struct PoolRange {
  int begin, end;
};

/// Positions of window p that lie within the image.
CAFFE_HD inline PoolRange WindowInside(int p, int in, int kernel, int stride, int pad) {
  const int start = p * stride - pad;
  return {PoolMax(start, 0), PoolMin(start + kernel, in)};
}

/// Positions that AVE divides by: padding counts, what lies beyond it does not.
CAFFE_HD inline int WindowExtent(int p, int in, int kernel, int stride, int pad) {
  const int start = p * stride - pad;
  return PoolMin(start + kernel, in + pad) - start;
}

/// Windows that cover position i.
CAFFE_HD inline PoolRange WindowsOver(int i, int out, int kernel, int stride, int pad) {
  const int reach = i + pad - kernel;  // last position before window 0 would cover i
  return {reach < 0 ? 0 : reach / stride + 1, PoolMin((i + pad) / stride + 1, out)};
}

}  // namespace caffe

#endif  // CAFFE_POOLING_WINDOW_HPP_
