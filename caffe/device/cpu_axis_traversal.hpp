#ifndef CAFFE_DEVICE_CPU_AXIS_TRAVERSAL_HPP_
#define CAFFE_DEVICE_CPU_AXIS_TRAVERSAL_HPP_

/// The host's part of axis_traversal.hpp, which includes it.

#include "caffe/device/axis_traversal.hpp"
#include "caffe/device/cpu_launch.hpp"

namespace caffe {

template <typename T>
struct ReductionLanes<Pair<T>> {
  static constexpr int kCount = 8;
  Pair<T> get(int l) const { return Pair<T>{first[l], second[l]}; }
  void set(int l, Pair<T> value) {
    first[l] = value.first;
    second[l] = value.second;
  }
  T first[kCount];
  T second[kCount];
};

namespace axis_traversal {

/// The division that finds a plane's channel would keep compilers from using vectors, so on
/// the host the loops are nested instead.
template <typename F>
void ForEachPlaneOnCpu(int64_t outer, int64_t channels, int64_t inner, const F& f) {
#pragma omp parallel for collapse(2) \
    schedule(static) if (outer * channels * inner > Launcher <Cpu>::kParallelGrain)
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t place = o * inner, index = (o * channels + c) * inner;
#pragma omp simd
      for (int64_t s = 0; s < inner; ++s) f(place + s, c, index + s);
    }
  }
}

}  // namespace axis_traversal
}  // namespace caffe

#endif  // CAFFE_DEVICE_CPU_AXIS_TRAVERSAL_HPP_
