#ifndef CAFFE_DEVICE_GEMM_BATCHED_HPP_
#define CAFFE_DEVICE_GEMM_BATCHED_HPP_

#include <cblas.h>

#include <cstdint>

#include "caffe/device/device.hpp"

namespace caffe {

/// Row-major matrices of one operand: rows are `step` elements apart, matrices `stride` (0: one
/// matrix for the whole batch). `trans` is for operands that are only read.
template <typename T>
struct MatrixBatch {
  T* data;
  int step;
  int64_t stride = 0;
  CBLAS_TRANSPOSE trans = CblasNoTrans;
};

/// op(A) is m x k, op(B) k x n, C m x n.
struct ProductSize {
  int m, n, k;
};

/// C_i = alpha * op(A_i) * op(B_i) + beta * C_i for i in [0, batch). The C_i must not overlap.
template <typename Device, typename Dtype>
void GemmBatched(int batch, ProductSize size, Dtype alpha, MatrixBatch<const Dtype> a,
                 MatrixBatch<const Dtype> b, Dtype beta, MatrixBatch<Dtype> c);

}  // namespace caffe

#endif  // CAFFE_DEVICE_GEMM_BATCHED_HPP_
