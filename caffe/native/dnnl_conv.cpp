#include "caffe/native/dnnl_conv.hpp"

#include <string_view>
#include <utility>

#include "caffe/device/blas.hpp"
#include "caffe/native/dnnl_memory.hpp"

namespace caffe {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

memory::dims Dims(std::initializer_list<int> first, const std::vector<int>& rest) {
  memory::dims dims(first.begin(), first.end());
  dims.insert(dims.end(), rest.begin(), rest.end());
  return dims;
}

memory::dims WeightDims(const ConvShape& s) {
  if (s.group == 1) return Dims({s.out_channels, s.in_channels}, s.kernel);
  return Dims({s.group, s.out_channels / s.group, s.in_channels / s.group}, s.kernel);
}

/// A layout of oneDNN's choice.
memory::desc AnyLayout(const memory::dims& dims) {
  return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
}

bool Same(const Activation& a, const Activation& b) {
  return a.kind == b.kind && a.low == b.low && a.high == b.high && a.beta == b.beta;
}

void AppendActivation(const Activation& activation, dnnl::post_ops* ops) {
  switch (activation.kind) {
    case Activation::Kind::kNone:
      return;
    case Activation::Kind::kRelu:
      return AppendEltwise(algorithm::eltwise_relu, 0.0f, 0.0f, ops);
    case Activation::Kind::kRelu6:
      return AppendEltwise(algorithm::eltwise_clip, 0.0f, 6.0f, ops);
    case Activation::Kind::kClip:
      return AppendEltwise(algorithm::eltwise_clip, activation.low, activation.high, ops);
    case Activation::Kind::kSwish:
      return AppendEltwise(algorithm::eltwise_swish, activation.beta, 0.0f, ops);
  }
}

/// Images and weights in layouts of oneDNN's choice.
DnnlConvolution ConvolutionOf(const ConvShape& s) {
  DnnlConvolution result = {.src = AnyLayout(Dims({s.num, s.in_channels}, s.in)),
                            .weights = AnyLayout(WeightDims(s)),
                            .bias = s.bias ? PlainDesc({s.out_channels}) : memory::desc(),
                            .dst = AnyLayout(Dims({s.num, s.out_channels}, s.out)),
                            .stride = {s.stride.begin(), s.stride.end()},
                            .dilation = {s.dilation.begin(), s.dilation.end()},
                            .pad_front = {s.pad.begin(), s.pad.end()},
                            .pad_back = {}};
  for (size_t i = 0; i < s.in.size(); ++i) {
    result.dilation[i] -= 1;  // oneDNN counts the gaps
    // Input that no window reaches at the far end is negative padding.
    const int reach = (s.out[i] - 1) * s.stride[i] + s.dilation[i] * (s.kernel[i] - 1) + 1;
    result.pad_back.push_back(reach - s.in[i] - s.pad[i]);
  }
  return result;
}

}  // namespace

DnnlConv::DnnlConv(const ConvShape& s)
    : bias_(PlainDesc({s.out_channels})),
      has_bias_(s.bias),
      reversed_(s.reversed),
      convolution_(ConvolutionOf(s)),
      forward_desc_(ForwardPrimitive(convolution_, prop_kind::forward_training, DnnlAttributes(),
                                     DnnlEngine())),
      gathered_(s) {}

void DnnlConv::Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
                       SyncedMemory* dst) {
  if (!forward_) forward_ = DnnlPrimitive(forward_desc_);
  Arguments arguments = {
      {DNNL_ARG_SRC, ReadAs(src, forward_desc_.src_desc(), ReaderCopy::kRefresh)},
      {DNNL_ARG_WEIGHTS,
       ReadLearnedAs(weights, forward_desc_.weights_desc(), ReaderCopy::kRefresh)}};
  weights_read_ = weights;
  if (has_bias_) arguments.emplace(DNNL_ARG_BIAS, ReadLearnedAs(bias, bias_, ReaderCopy::kRefresh));
  DnnlOutput out = OutputAs(dst, forward_desc_.dst_desc());
  arguments.emplace(DNNL_ARG_DST, out.memory);
  forward_.Run(std::move(arguments));
  Publish(std::move(out), dst);
}

DnnlPrimitive DnnlConv::MakeFused(const ConvTail& tail) const {
  dnnl::post_ops ops;
  if (tail.residual != nullptr) ops.append_binary(algorithm::binary_add, forward_desc_.dst_desc());
  AppendActivation(tail.activation, &ops);
  dnnl::primitive_attr attributes = DnnlAttributes();
  attributes.set_post_ops(ops);
  DnnlConvolution fused = convolution_;
  fused.src = forward_desc_.src_desc();
  fused.weights = forward_desc_.weights_desc();
  fused.bias = bias_;
  fused.dst = forward_desc_.dst_desc();
  try {
    const dnnl::convolution_forward::primitive_desc desc =
        ForwardPrimitive(fused, prop_kind::forward_inference, attributes, DnnlEngine());
    const bool same_way = std::string_view(desc.impl_info_str()) == forward_desc_.impl_info_str();
    return same_way ? DnnlPrimitive(desc) : DnnlPrimitive();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments) {
      return {};
    }
    throw;
  }
}

bool DnnlConv::HidesNan(const Activation& activation) const {
  // The library computes them as maxima and minima, which take the number where there is one.
  return activation.kind == Activation::Kind::kRelu ||
         activation.kind == Activation::Kind::kRelu6 || activation.kind == Activation::Kind::kClip;
}

bool DnnlConv::ForwardWithTail(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
                               SyncedMemory* dst, const ConvTail& tail) {
  const bool added = tail.residual != nullptr;
  if (!fused_ || fused_->residual != added || !Same(fused_->activation, tail.activation)) {
    fused_ = {added, tail.activation, MakeFused(tail)};
  }
  if (!fused_->primitive) return false;
  Arguments arguments = {
      {DNNL_ARG_SRC, ReadAs(src, forward_desc_.src_desc(), ReaderCopy::kRefresh)},
      {DNNL_ARG_WEIGHTS,
       ReadLearnedAs(weights, forward_desc_.weights_desc(), ReaderCopy::kRefresh)},
      {DNNL_ARG_BIAS, ReadLearnedAs(bias, bias_, ReaderCopy::kRefresh)}};
  if (added) {
    arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                      ReadAs(tail.residual, forward_desc_.dst_desc(), ReaderCopy::kRefresh));
  }
  DnnlOutput out = OutputAs(dst, forward_desc_.dst_desc());
  arguments.emplace(DNNL_ARG_DST, out.memory);
  fused_->primitive.Run(std::move(arguments));
  Publish(std::move(out), dst);
  return true;
}

void DnnlConv::BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights, SyncedMemory* src_diff) {
  if (!data_) {
    data_desc_ = BackwardDataPrimitive(convolution_, DnnlAttributes(), DnnlEngine(), forward_desc_);
    data_ = DnnlPrimitive(data_desc_);
  }
  // In a convolution's backward pass, the weights' gradient, when wanted, has just read the same
  // values, and Forward, unless another engine did that, the same weights.
  const auto reuse = [this](bool same) {
    return same && !reversed_ ? ReaderCopy::kReuse : ReaderCopy::kRefresh;
  };
  Arguments arguments = {{DNNL_ARG_DIFF_DST, ReadAs(dst_diff, data_desc_.diff_dst_desc(),
                                                    reuse(diff_read_ == dst_diff))},
                         {DNNL_ARG_WEIGHTS, ReadLearnedAs(weights, data_desc_.weights_desc(),
                                                          reuse(weights_read_ == weights))}};
  diff_read_ = nullptr;
  DnnlOutput out = OutputAs(src_diff, data_desc_.diff_src_desc());
  arguments.emplace(DNNL_ARG_DIFF_SRC, out.memory);
  data_.Run(std::move(arguments));
  Publish(std::move(out), src_diff);
}

void DnnlConv::BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff,
                               SyncedMemory* weights_diff, SyncedMemory* bias_diff) {
  MakeGradient();
  const DnnlMemory weights_sum(gradient_desc_.diff_weights_desc());
  Arguments arguments = {{DNNL_ARG_SRC, GradientSrc(src).Read()},
                         {DNNL_ARG_DIFF_DST, GradientDst(dst_diff).Read()},
                         {DNNL_ARG_DIFF_WEIGHTS, weights_sum.memory()}};
  diff_read_ = dst_diff;
  const DnnlMemory bias_sum(bias_);
  if (has_bias_) arguments.emplace(DNNL_ARG_DIFF_BIAS, bias_sum.memory());
  gradient_.Run(std::move(arguments));
  AddToPlain(weights_sum.memory(), static_cast<float*>(weights_diff->mutable_cpu_data()));
  if (bias_diff != nullptr) {
    Axpy<Cpu>(DimsOf(bias_)[0], 1.0f,
              static_cast<const float*>(bias_sum.memory().get_data_handle()),
              static_cast<float*>(bias_diff->mutable_cpu_data()));
  }
}

bool DnnlConv::BackwardWeightsPart(const WeightsPart& part, SyncedMemory* src,
                                   SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                                   SyncedMemory* bias_diff) {
  MakeGradient();
  const NativeImages diff = GradientDst(dst_diff);
  if (bias_diff != nullptr && !FindChannelBlocks(diff.desc)) return false;
  if (!gathered_.Add(part, GradientSrc(src), diff, weights_diff)) return false;
  if (bias_diff != nullptr) AddBiasGradient(diff, bias_diff);
  diff_read_ = part.kept.empty() ? nullptr : dst_diff;
  return true;
}

void DnnlConv::MakeGradient() {
  if (gradient_) return;
  gradient_desc_ =
      BackwardWeightsPrimitive(convolution_, DnnlAttributes(), DnnlEngine(), forward_desc_);
  gradient_ = DnnlPrimitive(gradient_desc_);
}

NativeImages DnnlConv::GradientSrc(SyncedMemory* src) const {
  return {src, gradient_desc_.src_desc(), reversed_ ? ReaderCopy::kRefresh : ReaderCopy::kReuse};
}

NativeImages DnnlConv::GradientDst(SyncedMemory* dst_diff) const {
  return {dst_diff, gradient_desc_.diff_dst_desc(), ReaderCopy::kRefresh};
}

template <>
std::unique_ptr<ConvEngine<float>> MakeDnnlConv<float>(const ConvShape& shape) {
  if (shape.in.empty() || shape.in.size() > 3) return nullptr;
  try {
    return std::make_unique<DnnlConv>(shape);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments) {
      return nullptr;
    }
    throw;
  }
}

template <>
std::unique_ptr<ConvEngine<double>> MakeDnnlConv<double>(const ConvShape&) {
  return nullptr;
}

}  // namespace caffe
