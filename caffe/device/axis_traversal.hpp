#ifndef CAFFE_DEVICE_AXIS_TRAVERSAL_HPP_
#define CAFFE_DEVICE_AXIS_TRAVERSAL_HPP_

/// Traversals of [outer, channels, inner] arrays, on top of launch.hpp:
///
///   ForEachAxis<Device>(outer, channels, inner, f)
///        f(q, c, i) for every element; i is its index, c its channel, and q = o * inner + s
///        its place when the channel axis is left out.
///   Reduce<Device, PairPlus>(...) with terms of type Pair<T> makes two sums in one sweep.

#include <type_traits>

#include "caffe/device/launch.hpp"

namespace caffe {

/// Two sums that are accumulated together.
template <typename T>
struct Pair {
  T first;
  T second;
};

template <typename P>
struct PairPlus {
  static CAFFE_HD P identity() { return P{0, 0}; }
  CAFFE_HD P operator()(P a, P b) const { return P{a.first + b.first, a.second + b.second}; }
};

/// a / b for non-negative numbers. GPUs have no 64-bit division in hardware.
CAFFE_HD inline int64_t Quotient(int64_t a, int64_t b) {
  return ((a | b) >> 32) == 0 ? int64_t(uint32_t(a) / uint32_t(b)) : a / b;
}

namespace axis_traversal {

template <typename F>
struct Rows {
  F f;
  int64_t channels;
  CAFFE_HD void operator()(int64_t o, int64_t c) const { f(o, c, o * channels + c); }
};

template <typename F>
struct Planes {
  F f;
  int64_t channels;
  int64_t inner;
  CAFFE_HD void operator()(int64_t plane, int64_t s) const {
    const int64_t o = Quotient(plane, channels);
    f(o * inner + s, plane - o * channels, plane * inner + s);
  }
};

/// See cpu_axis_traversal.hpp.
template <typename F>
void ForEachPlaneOnCpu(int64_t outer, int64_t channels, int64_t inner, const F& f);

}  // namespace axis_traversal

template <typename Device, typename F>
void ForEachAxis(int64_t outer, int64_t channels, int64_t inner, F f) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    if (inner > 1) {
      axis_traversal::ForEachPlaneOnCpu(outer, channels, inner, f);
      return;
    }
  }
  if (inner == 1) {
    ForEachPlane<Device>(outer, channels, axis_traversal::Rows<F>{f, channels});
  } else {
    ForEachPlane<Device>(outer * channels, inner, axis_traversal::Planes<F>{f, channels, inner});
  }
}

}  // namespace caffe

#ifndef __CUDACC__
#include "caffe/device/cpu_axis_traversal.hpp"
#endif

#endif  // CAFFE_DEVICE_AXIS_TRAVERSAL_HPP_
