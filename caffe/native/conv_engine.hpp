#ifndef CAFFE_NATIVE_CONV_ENGINE_HPP_
#define CAFFE_NATIVE_CONV_ENGINE_HPP_

#include <compare>
#include <map>
#include <memory>
#include <vector>

#include "caffe/device/device.hpp"
#include "caffe/native/activation.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/syncedmem.hpp"
#include "caffe/wanted_gradient.hpp"

namespace caffe {

/// A grouped, dilated, strided cross-correlation over any number of spatial axes.
///   src:     num x in_channels x in...
///   weights: out_channels x in_channels / group x kernel...
///   bias:    out_channels
///   dst:     num x out_channels x out...
struct ConvShape {
  int num = 0;
  int in_channels = 0;
  int out_channels = 0;
  int group = 1;
  bool bias = false;
  /// Serves a deconvolution: a pass begins with BackwardData.
  bool reversed = false;
  std::vector<int> in;
  std::vector<int> out;
  std::vector<int> kernel;
  std::vector<int> pad;
  std::vector<int> stride;
  std::vector<int> dilation;

  auto operator<=>(const ConvShape&) const = default;
};

/// The three computations of a convolution, by what they make: dst, the gradient of src, the
/// gradient of the weights.
enum class ConvPass { kForward, kBackwardData, kBackwardWeights };

/// What becomes of a convolution's output before it is left.
struct ConvTail {
  /// Values of the output's shape that are added to it, or null. Not the output's own storage.
  SyncedMemory* residual = nullptr;
  Activation activation;
};

/// A library's convolution of one shape on one device. Memory is passed as storage, not as
/// pointers, so that an engine takes and leaves values in its own layout. A deconvolution
/// runs BackwardData forward and Forward backward.
template <typename Dtype>
class ConvEngine {
 public:
  virtual ~ConvEngine() = default;

  /// Whether the engine has this pass; another way has to be taken for one that it has not.
  virtual bool Takes(ConvPass pass) { return true; }

  /// dst = conv(src, weights) + bias. bias is null where the shape has none.
  virtual void Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
                       SyncedMemory* dst) = 0;
  /// Whether ForwardWithTail turns a NaN into a number with this activation.
  virtual bool HidesNan(const Activation& activation) const { return false; }
  /// dst = activation(conv(src, weights) + bias + residual) in one pass.
  /// @return false, having done nothing, where the engine cannot
  virtual bool ForwardWithTail(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
                               SyncedMemory* dst, const ConvTail& tail) {
    return false;
  }
  /// src_diff = the gradient of src, given that of dst.
  virtual void BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights,
                            SyncedMemory* src_diff) = 0;
  /// Adds the gradients to weights_diff and, unless null, bias_diff.
  virtual void BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff,
                               SyncedMemory* weights_diff, SyncedMemory* bias_diff) = 0;
  /// The same for a part of the weights (rows: out_channels, columns: in_channels / group), and for
  /// the whole bias. @return false, having done nothing, where all weights cost no more
  virtual bool BackwardWeightsPart(const WeightsPart& part, SyncedMemory* src,
                                   SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                                   SyncedMemory* bias_diff) {
    return false;
  }
};

/// The engines of one layer by shape, made when first asked for.
template <typename Device, typename Dtype>
class ConvEngineCache {
 public:
  /// Null where Caffe's own way (im2col and matrix products) is to be used: the engine field
  /// says CAFFE, or it leaves the choice open and neither our depthwise kernels nor a library
  /// take this shape. Throws Error where it names a library that belongs to this device and does
  /// not take the shape.
  ConvEngine<Dtype>* Get(ConvolutionParameter::Engine wanted, const ConvShape& shape);

 private:
  std::map<ConvShape, std::unique_ptr<ConvEngine<Dtype>>> engines_;
};

/// Our own kernels for a filter per channel; null for other convolutions and for more than two
/// spatial axes.
template <typename Device, typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeDepthwiseConv(const ConvShape& shape);

/// Null if oneDNN does not take the shape or the number type.
template <typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeDnnlConv(const ConvShape& shape);

/// Null if cuDNN does not take the shape, or this is a build without CUDA.
template <typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeCudnnConv(const ConvShape& shape);

}  // namespace caffe

#endif  // CAFFE_NATIVE_CONV_ENGINE_HPP_
