#ifndef CAFFE_DEVICE_GPU_LAUNCH_HPP_
#define CAFFE_DEVICE_GPU_LAUNCH_HPP_

#include "caffe/device/device.hpp"
#include "caffe/error.hpp"

namespace caffe {

template <typename Device>
struct Launcher;

[[noreturn]] inline void ThrowNoGpu() {
  throw Error("This build has no GPU code. Use the CPU, or build with the preset 'cuda'.");
}

/// Stands in for the GPU in a build without CUDA.
template <>
struct Launcher<Gpu> {
  template <typename F>
  static void ForEach(int64_t, const F&) {
    ThrowNoGpu();
  }
  template <typename F>
  static void ForEachPlane(int64_t, int64_t, const F&) {
    ThrowNoGpu();
  }
  template <template <typename> class Op, typename Term, typename Store>
  static void Reduce(int64_t, int64_t, int64_t, const Term&, const Store&) {
    ThrowNoGpu();
  }
};

}  // namespace caffe

#endif  // CAFFE_DEVICE_GPU_LAUNCH_HPP_
