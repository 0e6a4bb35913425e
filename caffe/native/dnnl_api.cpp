#include "caffe/native/dnnl_api.hpp"

namespace caffe {

namespace {

constexpr dnnl::algorithm kDirect = dnnl::algorithm::convolution_direct;

}  // namespace

#if DNNL_VERSION_MAJOR >= 3

dnnl::convolution_forward::primitive_desc ForwardPrimitive(const DnnlConvolution& c,
                                                           dnnl::prop_kind kind,
                                                           const dnnl::primitive_attr& attributes,
                                                           const dnnl::engine& engine) {
  return {engine, kind,     kDirect,    c.src,       c.weights,  c.bias,
          c.dst,  c.stride, c.dilation, c.pad_front, c.pad_back, attributes};
}

dnnl::convolution_backward_data::primitive_desc BackwardDataPrimitive(
    const DnnlConvolution& c, const dnnl::primitive_attr& attributes, const dnnl::engine& engine,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine,     kDirect,     c.src,      c.weights, c.dst,     c.stride,
          c.dilation, c.pad_front, c.pad_back, forward,   attributes};
}

dnnl::convolution_backward_weights::primitive_desc BackwardWeightsPrimitive(
    const DnnlConvolution& c, const dnnl::primitive_attr& attributes, const dnnl::engine& engine,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine,   kDirect,    c.src,       c.weights,  c.bias,  c.dst,
          c.stride, c.dilation, c.pad_front, c.pad_back, forward, attributes};
}

dnnl::memory::dims DimsOf(const dnnl::memory::desc& desc) { return desc.get_dims(); }

void AppendEltwise(dnnl::algorithm algorithm, float alpha, float beta, dnnl::post_ops* ops) {
  ops->append_eltwise(algorithm, alpha, beta);
}

#else

dnnl::convolution_forward::primitive_desc ForwardPrimitive(const DnnlConvolution& c,
                                                           dnnl::prop_kind kind,
                                                           const dnnl::primitive_attr& attributes,
                                                           const dnnl::engine& engine) {
  using Desc = dnnl::convolution_forward::desc;
  const Desc desc = c.bias.is_zero() ? Desc(kind, kDirect, c.src, c.weights, c.dst, c.stride,
                                            c.dilation, c.pad_front, c.pad_back)
                                     : Desc(kind, kDirect, c.src, c.weights, c.bias, c.dst,
                                            c.stride, c.dilation, c.pad_front, c.pad_back);
  return {desc, attributes, engine};
}

dnnl::convolution_backward_data::primitive_desc BackwardDataPrimitive(
    const DnnlConvolution& c, const dnnl::primitive_attr& attributes, const dnnl::engine& engine,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const dnnl::convolution_backward_data::desc desc(kDirect, c.src, c.weights, c.dst, c.stride,
                                                   c.dilation, c.pad_front, c.pad_back);
  return {desc, attributes, engine, forward};
}

dnnl::convolution_backward_weights::primitive_desc BackwardWeightsPrimitive(
    const DnnlConvolution& c, const dnnl::primitive_attr& attributes, const dnnl::engine& engine,
    const dnnl::convolution_forward::primitive_desc& forward) {
  using Desc = dnnl::convolution_backward_weights::desc;
  const Desc desc = c.bias.is_zero() ? Desc(kDirect, c.src, c.weights, c.dst, c.stride, c.dilation,
                                            c.pad_front, c.pad_back)
                                     : Desc(kDirect, c.src, c.weights, c.bias, c.dst, c.stride,
                                            c.dilation, c.pad_front, c.pad_back);
  return {desc, attributes, engine, forward};
}

dnnl::memory::dims DimsOf(const dnnl::memory::desc& desc) { return desc.dims(); }

void AppendEltwise(dnnl::algorithm algorithm, float alpha, float beta, dnnl::post_ops* ops) {
  ops->append_eltwise(1.0f, algorithm, alpha, beta);
}

#endif

}  // namespace caffe
