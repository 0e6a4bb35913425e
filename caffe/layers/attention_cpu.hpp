#ifndef CAFFE_ATTENTION_CPU_HPP_
#define CAFFE_ATTENTION_CPU_HPP_

#include "caffe/layers/attention_kernels.hpp"

namespace caffe {

/// The operations of attention_kernels.hpp for the CPU: BLAS on blocks of queries and keys that
/// stay in the cache, over threads by item and head.

template <typename Dtype>
void AttentionForwardCpu(const AttentionShape& shape, const AttentionDropout<Dtype>& dropout,
                         AttentionOperands<const Dtype> in, AttentionResult<Dtype> result);

template <typename Dtype>
void AttentionBackwardCpu(const AttentionShape& shape, const AttentionDropout<Dtype>& dropout,
                          AttentionOperands<const Dtype> in, AttentionResult<const Dtype> result,
                          const Dtype* out_diff, AttentionOperands<Dtype> diff);

}  // namespace caffe

#endif  // CAFFE_ATTENTION_CPU_HPP_
