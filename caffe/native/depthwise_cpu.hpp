#ifndef CAFFE_NATIVE_DEPTHWISE_CPU_HPP_
#define CAFFE_NATIVE_DEPTHWISE_CPU_HPP_

#include <vector>

#include "caffe/native/activation.hpp"
#include "caffe/native/depthwise_kernels.hpp"

namespace caffe {

/// The operations of depthwise_kernels.hpp in vector code for the CPU, over threads by (item,
/// channel). Their results do not depend on the number of threads.

/// What becomes of the output: the residual, if any, is added, then the activation is applied.
template <typename Dtype>
struct DepthwiseTail {
  const Dtype* residual = nullptr;
  Activation activation;
};

template <typename Dtype>
void DepthwiseForwardCpu(const DepthwiseShape& shape, const Dtype* x, const Dtype* weights,
                         const Dtype* bias, const DepthwiseTail<Dtype>& tail, Dtype* y);

template <typename Dtype>
void DepthwiseBackwardDataCpu(const DepthwiseShape& shape, const Dtype* dy, const Dtype* weights,
                              Dtype* dx);

/// Adds to dw, for the channels of the list only.
template <typename Dtype>
void DepthwiseBackwardWeightsCpu(const DepthwiseShape& shape, const std::vector<int>& wanted,
                                 const Dtype* x, const Dtype* dy, Dtype* dw);

}  // namespace caffe

#endif  // CAFFE_NATIVE_DEPTHWISE_CPU_HPP_
