#ifndef CAFFE_ATTENTION_KERNELS_HPP_
#define CAFFE_ATTENTION_KERNELS_HPP_

#include <cstdint>

#include "caffe/util/philox.hpp"

namespace caffe {

/// Sizes of scaled dot-product attention. Head h owns the columns [h * head_dim,
/// (h + 1) * head_dim) of each token.
///   q, out: num x queries x heads * head_dim
///   k, v:   num x keys x heads * head_dim
struct AttentionShape {
  int64_t num;
  int heads;
  int queries;
  int keys;
  int head_dim;
  bool causal;  ///< query i sees keys up to i

  CAFFE_HD int width() const { return heads * head_dim; }
};

/// Which attention weights are dropped. Weight (n, h, i, j) has draw
/// first + ((n * heads + h) * queries + i) * keys + j.
template <typename Dtype>
struct AttentionDropout {
  Philox random;
  uint64_t first = 0;
  uint64_t bound = 0;  ///< from BernoulliBound; 0: no dropout
  Dtype scale = 1;     ///< of the weights that stay

  /// Factor of the weight with this draw.
  CAFFE_HD Dtype factor(int64_t draw) const {
    if (bound == 0) return Dtype(1);
    return random.u32(first + uint64_t(draw)) < bound ? Dtype(0) : scale;
  }
};

template <typename T>
struct AttentionOperands {
  T* q;
  T* k;
  T* v;
};

/// What forward leaves for backward.
template <typename Dtype>
struct AttentionResult {
  Dtype* out;
  /// log of the sum of exp(score), num x heads x queries: the attention weights follow from it and
  /// q and k, so that no array of queries x keys is ever stored.
  Dtype* log_sum;
};

/// out = dropout(softmax(q k^T / sqrt(head_dim))) v in tiles that stay in fast memory. Written for
/// the GPU; the CPU has attention_cpu.hpp.
/// Source: Dao et al. 2022 (FlashAttention).
template <typename Device, typename Dtype>
void attention_forward(AttentionShape shape, AttentionDropout<Dtype> dropout,
                       AttentionOperands<const Dtype> in, AttentionResult<Dtype> result);

/// The gradients of q, k and v. Weights are computed again from result.log_sum.
/// @param delta  scratch, num x heads x queries
template <typename Device, typename Dtype>
void attention_backward(AttentionShape shape, AttentionDropout<Dtype> dropout,
                        AttentionOperands<const Dtype> in, AttentionResult<const Dtype> result,
                        const Dtype* out_diff, Dtype* delta, AttentionOperands<Dtype> diff);

}  // namespace caffe

#endif  // CAFFE_ATTENTION_KERNELS_HPP_
