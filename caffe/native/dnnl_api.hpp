#ifndef CAFFE_NATIVE_DNNL_API_HPP_
#define CAFFE_NATIVE_DNNL_API_HPP_

#include <dnnl.hpp>

namespace caffe {

/// What oneDNN 2 and oneDNN 3 spell differently. The rest of the source calls nothing of the
/// library that only one of them has.

/// Operands and geometry of a convolution.
struct DnnlConvolution {
  dnnl::memory::desc src, weights, bias, dst;  ///< a zero descriptor as bias: none
  dnnl::memory::dims stride, dilation;         ///< dilation: the gaps, 0 where there are none
  dnnl::memory::dims pad_front, pad_back;
};

/// These throw dnnl::error where the library has no such primitive.
dnnl::convolution_forward::primitive_desc ForwardPrimitive(const DnnlConvolution& convolution,
                                                           dnnl::prop_kind kind,
                                                           const dnnl::primitive_attr& attributes,
                                                           const dnnl::engine& engine);
dnnl::convolution_backward_data::primitive_desc BackwardDataPrimitive(
    const DnnlConvolution& convolution, const dnnl::primitive_attr& attributes,
    const dnnl::engine& engine, const dnnl::convolution_forward::primitive_desc& forward);
dnnl::convolution_backward_weights::primitive_desc BackwardWeightsPrimitive(
    const DnnlConvolution& convolution, const dnnl::primitive_attr& attributes,
    const dnnl::engine& engine, const dnnl::convolution_forward::primitive_desc& forward);

dnnl::memory::dims DimsOf(const dnnl::memory::desc& desc);

/// Appends an element-wise operation whose result is not scaled.
void AppendEltwise(dnnl::algorithm algorithm, float alpha, float beta, dnnl::post_ops* ops);

}  // namespace caffe

#endif  // CAFFE_NATIVE_DNNL_API_HPP_
