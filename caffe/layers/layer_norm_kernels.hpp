#ifndef CAFFE_LAYER_NORM_KERNELS_HPP_
#define CAFFE_LAYER_NORM_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// A [rows, columns] array whose rows are normalised.
struct RowShape {
  int64_t rows;
  int64_t columns;
};

/// Of each row: mean and 1 / sqrt(biased variance + eps), [rows] each.
template <class Dtype>
struct RowStatistics {
  Dtype* mean;
  Dtype* inverse_deviation;
};

/// y = (x - mean) * inverse_deviation * scale + shift. Sums are accumulated in double.
/// @param scale, shift  [columns], or both null
template <class Device, class Dtype>
void layer_norm_forward(RowShape shape, Dtype eps, const Dtype* x, const Dtype* scale,
                        const Dtype* shift, RowStatistics<Dtype> statistics, Dtype* y);

/// dx = (g - mean(g) - n * mean(g * n)) * inverse_deviation with g = dy * scale and n = the
/// normalised x, means over a row.
/// @param means  scratch, [2, rows]
template <class Device, class Dtype>
void layer_norm_backward(RowShape shape, RowStatistics<const Dtype> statistics, const Dtype* x,
                         const Dtype* scale, const Dtype* dy, Dtype* means, Dtype* dx);

/// Rows that layer_norm_backward_affine sums before it adds up the sums.
constexpr int64_t kLayerNormBlock = 32;

/// Adds sums over the rows to the gradients: dscale += dy * n, dshift += dy. Either may be null.
/// @param sums  scratch, [2, (rows + kLayerNormBlock - 1) / kLayerNormBlock, columns]
template <class Device, class Dtype>
void layer_norm_backward_affine(RowShape shape, RowStatistics<const Dtype> statistics,
                                const Dtype* x, const Dtype* dy, Dtype* sums, Dtype* dscale,
                                Dtype* dshift);

}  // namespace caffe

#endif  // CAFFE_LAYER_NORM_KERNELS_HPP_
