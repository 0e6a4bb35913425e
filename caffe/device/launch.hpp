#ifndef CAFFE_DEVICE_LAUNCH_HPP_
#define CAFFE_DEVICE_LAUNCH_HPP_

/// Traversals that kernels are written against. The maths is a lambda marked CAFFE_HD; the
/// same source is compiled by the host compiler for Cpu and by nvcc for Gpu (see
/// cmake/Kernels.cmake). n == 0 does nothing. Counts are 64 bit.
///
///   ForEach<Device>(n, f)                  f(i) for i in [0, n)
///   ForEachPlane<Device>(planes, inner, f) f(p, k) for every plane p and k in [0, inner);
///                                          use it where the maths needs the plane's number
///   Reduce<Device, Op>(outputs, outer, inner, term, store)
///        for every output o: store(o, Op over j < outer, k < inner of term(o, j, k)).
///        The accumulator has term's type; its order depends only on the sizes.

#include "caffe/device/device.hpp"

namespace caffe {

template <typename T>
struct Plus {
  static CAFFE_HD T identity() { return T(0); }
  CAFFE_HD T operator()(T a, T b) const { return a + b; }
};

/// The larger; a NaN on the left stays.
template <typename T>
struct Maximum {
  static CAFFE_HD T identity() { return T(-3.4028234663852886e38); }
  CAFFE_HD T operator()(T a, T b) const { return b > a ? b : a; }
};

template <typename Device>
struct Launcher;

template <typename Device, typename F>
void ForEach(int64_t n, F f) {
  if (n > 0) Launcher<Device>::ForEach(n, f);
}

template <typename Device, typename F>
void ForEachPlane(int64_t planes, int64_t inner, F f) {
  if (planes > 0 && inner > 0) Launcher<Device>::ForEachPlane(planes, inner, f);
}

template <typename Device, template <typename> class Op = Plus, typename Term, typename Store>
void Reduce(int64_t outputs, int64_t outer, int64_t inner, Term term, Store store) {
  if (outputs > 0) Launcher<Device>::template Reduce<Op>(outputs, outer, inner, term, store);
}

}  // namespace caffe

#ifndef __CUDACC__
#include "caffe/device/cpu_launch.hpp"
#endif
#ifdef CPU_ONLY
#include "caffe/device/no_cuda/gpu_launch.hpp"
#else
#include "caffe/device/cuda/gpu_launch.hpp"
#endif

/// Explicit instances of a kernel: M(Device) for each device that this compiler serves, and
/// M(Device, Dtype) for each of them, float and double.
#if defined(__CUDACC__)
#define CAFFE_INSTANTIATE_DEVICES(M) M(Gpu)
#define CAFFE_INSTANTIATE_KERNELS(M) M(Gpu, float) M(Gpu, double)
#elif defined(CPU_ONLY)
#define CAFFE_INSTANTIATE_DEVICES(M) M(Cpu) M(Gpu)
#define CAFFE_INSTANTIATE_KERNELS(M) M(Cpu, float) M(Cpu, double) M(Gpu, float) M(Gpu, double)
#else
#define CAFFE_INSTANTIATE_DEVICES(M) M(Cpu)
#define CAFFE_INSTANTIATE_KERNELS(M) M(Cpu, float) M(Cpu, double)
#endif

#endif  // CAFFE_DEVICE_LAUNCH_HPP_
