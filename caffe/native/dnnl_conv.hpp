#ifndef CAFFE_NATIVE_DNNL_CONV_HPP_
#define CAFFE_NATIVE_DNNL_CONV_HPP_

#include <dnnl.hpp>
#include <optional>

#include "caffe/native/conv_engine.hpp"
#include "caffe/native/dnnl_api.hpp"
#include "caffe/native/dnnl_primitive.hpp"
#include "caffe/native/gathered_gradient.hpp"

namespace caffe {

/// oneDNN's convolution in single precision. Every operand is in the layout that the library
/// finds fastest; see ReadAs and OutputAs for how they pass between layers.
class DnnlConv : public ConvEngine<float> {
 public:
  /// Throws dnnl::error where the library has no such convolution.
  explicit DnnlConv(const ConvShape& shape);

  void Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
               SyncedMemory* dst) override;
  bool HidesNan(const Activation& activation) const override;
  bool ForwardWithTail(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
                       SyncedMemory* dst, const ConvTail& tail) override;
  void BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights, SyncedMemory* src_diff) override;
  void BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                       SyncedMemory* bias_diff) override;
  bool BackwardWeightsPart(const WeightsPart& part, SyncedMemory* src, SyncedMemory* dst_diff,
                           SyncedMemory* weights_diff, SyncedMemory* bias_diff) override;

  /// The layouts of the images.
  dnnl::memory::desc src_desc() const { return forward_desc_.src_desc(); }
  dnnl::memory::desc dst_desc() const { return forward_desc_.dst_desc(); }

 private:
  using Arguments = DnnlPrimitive::Arguments;

  /// A forward pass with a tail; empty where the library has none that is as fast.
  struct Fused {
    bool residual = false;
    Activation activation;
    DnnlPrimitive primitive;
  };

  DnnlPrimitive MakeFused(const ConvTail& tail) const;
  void MakeGradient();
  NativeImages GradientSrc(SyncedMemory* src) const;
  NativeImages GradientDst(SyncedMemory* dst_diff) const;

  const dnnl::memory::desc bias_;
  const bool has_bias_, reversed_;
  const DnnlConvolution convolution_;
  dnnl::convolution_forward::primitive_desc forward_desc_;
  DnnlPrimitive forward_;
  std::optional<Fused> fused_;
  dnnl::convolution_backward_data::primitive_desc data_desc_;
  DnnlPrimitive data_;
  dnnl::convolution_backward_weights::primitive_desc gradient_desc_;
  DnnlPrimitive gradient_;
  GatheredGradient gathered_;
  const SyncedMemory* weights_read_ = nullptr;
  const SyncedMemory* diff_read_ = nullptr;
};

}  // namespace caffe

#endif  // CAFFE_NATIVE_DNNL_CONV_HPP_
