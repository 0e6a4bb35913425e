#ifndef TESTS_EMULATED_GPU_CUDNN_CONVOLUTION_HPP_
#define TESTS_EMULATED_GPU_CUDNN_CONVOLUTION_HPP_

#include <cudnn.h>

#include <array>
#include <cstddef>

namespace emulated_gpu {

/// A grouped cross-correlation over three spatial axes; of fewer the first have size 1. All arrays
/// are packed.
struct ConvolutionShape {
  using Axes = std::array<int, 3>;

  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  int num = 0;
  int in_channels = 0, out_channels = 0, groups = 1;
  Axes in{1, 1, 1}, kernel{1, 1, 1}, out{1, 1, 1};
  Axes pad{0, 0, 0}, stride{1, 1, 1}, dilation{1, 1, 1};

  /// The output has the size that follows from the others.
  bool IsConsistent() const;
  bool RoundsToTf32() const;

  size_t in_count() const { return size_t(num) * in_channels * Product(in); }
  size_t out_count() const { return size_t(num) * out_channels * Product(out); }
  size_t filter_count() const {
    return size_t(out_channels) * (in_channels / groups) * Product(kernel);
  }
  static size_t Product(const Axes& axes) { return size_t(axes[0]) * axes[1] * axes[2]; }
};

/// Convolution over packed arrays, image by image, as a matrix product with the image's patches.
/// The result is alpha * sum + beta * (what is there); beta == 0 does not read it.
template <typename T>
class CpuConvolution {
 public:
  CpuConvolution(const ConvolutionShape& shape, T alpha, T beta);
  void Forward(const T* in, const T* filter, T* out) const;
  void BackwardData(const T* filter, const T* out_diff, T* in_diff) const;
  void BackwardFilter(const T* in, const T* out_diff, T* filter_diff) const;

 private:
  /// f(image, group, offset of the input, of the output, of the filter)
  template <typename F>
  void ForEachGroup(const F& f) const;
  /// f(index of the patch, index of the image) for every place that lies within the image.
  template <typename F>
  void ForEachTap(const F& f) const;

  ConvolutionShape shape_;
  T alpha_, beta_;
  int in_channels_, out_channels_;  // of a group
  int taps_, places_;               // numbers in a patch, patches in an image
};

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_CUDNN_CONVOLUTION_HPP_
