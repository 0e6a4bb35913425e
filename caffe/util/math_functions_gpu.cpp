#include "caffe/device/blas.hpp"
#include "caffe/device/cuda/context.hpp"
#include "caffe/device/memory.hpp"
#include "caffe/util/math_functions.hpp"
#include "caffe/util/math_kernels.hpp"
#include "caffe/util/random_draws.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void caffe_gpu_gemm(const CBLAS_TRANSPOSE TransA, const CBLAS_TRANSPOSE TransB, const int M,
                    const int N, const int K, const Dtype alpha, const Dtype* A, const Dtype* B,
                    const Dtype beta, Dtype* C) {
  Gemm<Gpu>(TransA, TransB, M, N, K, alpha, A, B, beta, C);
}

template <typename Dtype>
void caffe_gpu_gemv(const CBLAS_TRANSPOSE TransA, const int M, const int N, const Dtype alpha,
                    const Dtype* A, const Dtype* x, const Dtype beta, Dtype* y) {
  Gemv<Gpu>(TransA, M, N, alpha, A, x, beta, y);
}

template <typename Dtype>
void caffe_gpu_axpy(const int N, const Dtype alpha, const Dtype* X, Dtype* Y) {
  Axpy<Gpu>(N, alpha, X, Y);
}

template <typename Dtype>
void caffe_gpu_axpby(const int N, const Dtype alpha, const Dtype* X, const Dtype beta, Dtype* Y) {
  Axpby<Gpu>(N, alpha, X, beta, Y);
}

void caffe_gpu_memcpy(const size_t N, const void* X, void* Y) {
  if (X != Y) CopyAnywhere(X, Y, N);
}

void caffe_gpu_memset(const size_t N, const int alpha, void* X) { GpuMemset(X, alpha, N); }

template <typename Dtype>
void caffe_gpu_set(const int N, const Dtype alpha, Dtype* X) {
  Fill<Gpu>(N, alpha, X);
}

template <>
void caffe_gpu_set<int>(const int N, const int alpha, int* X) {
  FillIntegers<Gpu>(N, alpha, X);
}

template <typename Dtype>
void caffe_gpu_scal(const int N, const Dtype alpha, Dtype* X) {
  Scal<Gpu>(N, alpha, X);
}

template <typename Dtype>
void caffe_gpu_add_scalar(const int N, const Dtype alpha, Dtype* X) {
  MapScalar<Gpu, math::Add>(N, X, alpha, X);
}

template <typename Dtype>
void caffe_gpu_add(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Gpu, math::Add>(N, a, b, y);
}

template <typename Dtype>
void caffe_gpu_sub(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Gpu, math::Subtract>(N, a, b, y);
}

template <typename Dtype>
void caffe_gpu_mul(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Gpu, math::Multiply>(N, a, b, y);
}

template <typename Dtype>
void caffe_gpu_div(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Gpu, math::Divide>(N, a, b, y);
}

template <typename Dtype>
void caffe_gpu_abs(const int n, const Dtype* a, Dtype* y) {
  MapUnary<Gpu, math::Absolute>(n, a, y);
}

template <typename Dtype>
void caffe_gpu_exp(const int n, const Dtype* a, Dtype* y) {
  MapUnary<Gpu, math::Exponential>(n, a, y);
}

template <typename Dtype>
void caffe_gpu_log(const int n, const Dtype* a, Dtype* y) {
  MapUnary<Gpu, math::Logarithm>(n, a, y);
}

template <typename Dtype>
void caffe_gpu_powx(const int n, const Dtype* a, const Dtype b, Dtype* y) {
  MapScalar<Gpu, math::Power>(n, a, b, y);
}

template <typename Dtype>
void caffe_gpu_sqrt(const int n, const Dtype* a, Dtype* y) {
  MapUnary<Gpu, math::SquareRoot>(n, a, y);
}

template <typename Dtype>
void caffe_gpu_sign(const int n, const Dtype* x, Dtype* y) {
  MapUnary<Gpu, math::Sign>(n, x, y);
}

template <typename Dtype>
void caffe_gpu_sgnbit(const int n, const Dtype* x, Dtype* y) {
  MapUnary<Gpu, math::SignBit>(n, x, y);
}

template <typename Dtype>
void caffe_gpu_fabs(const int n, const Dtype* x, Dtype* y) {
  MapUnary<Gpu, math::Absolute>(n, x, y);
}

template <typename Dtype>
void caffe_gpu_scale(const int n, const Dtype alpha, const Dtype* x, Dtype* y) {
  MapScalar<Gpu, math::Multiply>(n, x, alpha, y);
}

void caffe_gpu_rng_uniform(const int n, unsigned int* r) {
  const uint64_t first = caffe_rng()->Reserve(n);
  FillWords<Gpu>(n, caffe_rng()->philox(), first, r);
}

template <typename Dtype>
void caffe_gpu_rng_uniform(const int n, const Dtype a, const Dtype b, Dtype* r) {
  const uint64_t first = caffe_rng()->Reserve(n * DrawWords<Dtype>::kUniform);
  FillUniform<Gpu>(n, caffe_rng()->philox(), first, a, b, r);
}

template <typename Dtype>
void caffe_gpu_rng_gaussian(const int n, const Dtype mu, const Dtype sigma, Dtype* r) {
  const uint64_t first = caffe_rng()->Reserve(DrawWords<Dtype>::gaussian(n));
  FillGaussian<Gpu>(n, caffe_rng()->philox(), first, mu, sigma, r);
}

template <typename Dtype>
void caffe_gpu_rng_bernoulli(const int n, const Dtype p, int* r) {
  const uint64_t first = caffe_rng()->Reserve(n);
  FillBernoulli<Gpu>(n, caffe_rng()->philox(), first, p, r);
}

template <typename Dtype>
void caffe_gpu_scal(const int N, const Dtype alpha, Dtype* X, cudaStream_t str) {
  const cuda::UseStream use(str);
  Scal<Gpu>(N, alpha, X);
}

template <typename Dtype>
void caffe_gpu_dot(const int n, const Dtype* x, const Dtype* y, Dtype* out) {
  *out = Dot<Gpu>(n, x, y);
}

template <typename Dtype>
void caffe_gpu_asum(const int n, const Dtype* x, Dtype* y) {
  *y = Asum<Gpu>(n, x);
}

#define UNARY(name, Dtype) template void caffe_gpu_##name(const int, const Dtype*, Dtype*);
#define BINARY(name, Dtype) \
  template void caffe_gpu_##name(const int, const Dtype*, const Dtype*, Dtype*);
#define INSTANTIATE(Dtype)                                                                         \
  UNARY(abs, Dtype)                                                                                \
  UNARY(exp, Dtype)                                                                                \
  UNARY(log, Dtype)                                                                                \
  UNARY(sqrt, Dtype)                                                                               \
  UNARY(sign, Dtype)                                                                               \
  UNARY(sgnbit, Dtype)                                                                             \
  UNARY(fabs, Dtype)                                                                               \
  BINARY(add, Dtype)                                                                               \
  BINARY(sub, Dtype)                                                                               \
  BINARY(mul, Dtype)                                                                               \
  BINARY(div, Dtype)                                                                               \
  UNARY(asum, Dtype)                                                                               \
  template void caffe_gpu_dot(const int, const Dtype*, const Dtype*, Dtype*);                      \
  template void caffe_gpu_gemm(const CBLAS_TRANSPOSE, const CBLAS_TRANSPOSE, const int, const int, \
                               const int, const Dtype, const Dtype*, const Dtype*, const Dtype,    \
                               Dtype*);                                                            \
  template void caffe_gpu_gemv(const CBLAS_TRANSPOSE, const int, const int, const Dtype,           \
                               const Dtype*, const Dtype*, const Dtype, Dtype*);                   \
  template void caffe_gpu_axpy(const int, const Dtype, const Dtype*, Dtype*);                      \
  template void caffe_gpu_axpby(const int, const Dtype, const Dtype*, const Dtype, Dtype*);        \
  template void caffe_gpu_set(const int, const Dtype, Dtype*);                                     \
  template void caffe_gpu_scal(const int, const Dtype, Dtype*);                                    \
  template void caffe_gpu_scal(const int, const Dtype, Dtype*, cudaStream_t);                      \
  template void caffe_gpu_add_scalar(const int, const Dtype, Dtype*);                              \
  template void caffe_gpu_powx(const int, const Dtype*, const Dtype, Dtype*);                      \
  template void caffe_gpu_scale(const int, const Dtype, const Dtype*, Dtype*);                     \
  template void caffe_gpu_rng_uniform(const int, const Dtype, const Dtype, Dtype*);                \
  template void caffe_gpu_rng_gaussian(const int, const Dtype, const Dtype, Dtype*);               \
  template void caffe_gpu_rng_bernoulli(const int, const Dtype, int*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
