#ifndef TESTS_EMULATED_GPU_CUDNN_CONVOLUTION_HPP_
#define TESTS_EMULATED_GPU_CUDNN_CONVOLUTION_HPP_

#include "tests/emulated_gpu/cudnn_descriptors.hpp"

namespace emulated_gpu {

struct ConvolutionShape {
  CudnnTensor in;
  CudnnFilter filter;
  CudnnConvolution convolution;
  CudnnTensor out;

  /// The output has the size that follows from the others, and all of it is packed.
  bool IsConsistent() const;
  bool RoundsToTf32() const;
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
