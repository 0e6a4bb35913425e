#ifndef CAFFE_DEVICE_BLAS_HPP_
#define CAFFE_DEVICE_BLAS_HPP_

#include <cblas.h>

#include <cstdint>

#include "caffe/device/device.hpp"

namespace caffe {

/// C = alpha * op(A) * op(B) + beta * C on a device; row-major; op(A) is M x K, op(B) K x N.
template <typename Device, typename Dtype>
void Gemm(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int m, int n, int k, Dtype alpha,
          const Dtype* a, const Dtype* b, Dtype beta, Dtype* c);

/// y = alpha * op(A) * x + beta * y; A is M x N, row-major.
template <typename Device, typename Dtype>
void Gemv(CBLAS_TRANSPOSE trans_a, int m, int n, Dtype alpha, const Dtype* a, const Dtype* x,
          Dtype beta, Dtype* y);

/// Copies n elements within a device. x and y may be equal, not overlap otherwise.
template <typename Device, typename Dtype>
void Copy(int64_t n, const Dtype* x, Dtype* y);

/// x[i] = value.
template <typename Device, typename Dtype>
void Fill(int64_t n, Dtype value, Dtype* x);

/// y += alpha * x.
template <typename Device, typename Dtype>
void Axpy(int64_t n, Dtype alpha, const Dtype* x, Dtype* y);

/// x *= alpha.
template <typename Device, typename Dtype>
void Scal(int64_t n, Dtype alpha, Dtype* x);

/// Sum of x[i] * y[i], returned to the host.
template <typename Device, typename Dtype>
Dtype Dot(int64_t n, const Dtype* x, const Dtype* y);

/// Sum of absolute values, returned to the host.
template <typename Device, typename Dtype>
Dtype Asum(int64_t n, const Dtype* x);

}  // namespace caffe

#endif  // CAFFE_DEVICE_BLAS_HPP_
