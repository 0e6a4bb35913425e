#include "caffe/util/math_functions.hpp"

#include <cstring>
#include <limits>

#include "caffe/device/blas.hpp"
#include "caffe/device/launch.hpp"
#include "caffe/device/memory.hpp"
#include "caffe/util/math_kernels.hpp"
#include "caffe/util/random_draws.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void caffe_cpu_gemm(const CBLAS_TRANSPOSE TransA, const CBLAS_TRANSPOSE TransB, const int M,
                    const int N, const int K, const Dtype alpha, const Dtype* A, const Dtype* B,
                    const Dtype beta, Dtype* C) {
  Gemm<Cpu>(TransA, TransB, M, N, K, alpha, A, B, beta, C);
}

template <typename Dtype>
void caffe_cpu_gemv(const CBLAS_TRANSPOSE TransA, const int M, const int N, const Dtype alpha,
                    const Dtype* A, const Dtype* x, const Dtype beta, Dtype* y) {
  Gemv<Cpu>(TransA, M, N, alpha, A, x, beta, y);
}

template <typename Dtype>
void caffe_axpy(const int N, const Dtype alpha, const Dtype* X, Dtype* Y) {
  Axpy<Cpu>(N, alpha, X, Y);
}

template <typename Dtype>
void caffe_cpu_axpby(const int N, const Dtype alpha, const Dtype* X, const Dtype beta, Dtype* Y) {
  Axpby<Cpu>(N, alpha, X, beta, Y);
}

template <typename Dtype>
void caffe_copy(const int N, const Dtype* X, Dtype* Y) {
  if (X == Y || N == 0) return;
  if (Caffe::mode() == Caffe::GPU) {
    CopyAnywhere(X, Y, sizeof(Dtype) * N);
  } else {
    std::memcpy(Y, X, sizeof(Dtype) * N);
  }
}

template <typename Dtype>
void caffe_set(const int N, const Dtype alpha, Dtype* X) {
  ForEach<Cpu>(N, [=](int64_t i) { X[i] = alpha; });
}

template <typename Dtype>
void caffe_add_scalar(const int N, const Dtype alpha, Dtype* X) {
  MapScalar<Cpu, math::Add>(N, X, alpha, X);
}

template <typename Dtype>
void caffe_scal(const int N, const Dtype alpha, Dtype* X) {
  Scal<Cpu>(N, alpha, X);
}

template <typename Dtype>
void caffe_sqr(const int N, const Dtype* a, Dtype* y) {
  MapUnary<Cpu, math::Square>(N, a, y);
}

template <typename Dtype>
void caffe_sqrt(const int N, const Dtype* a, Dtype* y) {
  MapUnary<Cpu, math::SquareRoot>(N, a, y);
}

template <typename Dtype>
void caffe_add(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Cpu, math::Add>(N, a, b, y);
}

template <typename Dtype>
void caffe_sub(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Cpu, math::Subtract>(N, a, b, y);
}

template <typename Dtype>
void caffe_mul(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Cpu, math::Multiply>(N, a, b, y);
}

template <typename Dtype>
void caffe_div(const int N, const Dtype* a, const Dtype* b, Dtype* y) {
  MapBinary<Cpu, math::Divide>(N, a, b, y);
}

template <typename Dtype>
void caffe_powx(const int n, const Dtype* a, const Dtype b, Dtype* y) {
  MapScalar<Cpu, math::Power>(n, a, b, y);
}

template <typename Dtype>
void caffe_exp(const int n, const Dtype* a, Dtype* y) {
  MapUnary<Cpu, math::Exponential>(n, a, y);
}

template <typename Dtype>
void caffe_log(const int n, const Dtype* a, Dtype* y) {
  MapUnary<Cpu, math::Logarithm>(n, a, y);
}

template <typename Dtype>
void caffe_abs(const int n, const Dtype* a, Dtype* y) {
  MapUnary<Cpu, math::Absolute>(n, a, y);
}

template <typename Dtype>
void caffe_cpu_sign(const int n, const Dtype* x, Dtype* y) {
  MapUnary<Cpu, math::Sign>(n, x, y);
}

template <typename Dtype>
void caffe_cpu_sgnbit(const int n, const Dtype* x, Dtype* y) {
  MapUnary<Cpu, math::SignBit>(n, x, y);
}

template <typename Dtype>
void caffe_cpu_fabs(const int n, const Dtype* x, Dtype* y) {
  caffe_abs(n, x, y);
}

template <typename Dtype>
void caffe_cpu_scale(const int n, const Dtype alpha, const Dtype* x, Dtype* y) {
  MapScalar<Cpu, math::Multiply>(n, x, alpha, y);
}

unsigned int caffe_rng_rand() { return (*caffe_rng())(); }

template <typename Dtype>
Dtype caffe_nextafter(const Dtype b) {
  return std::nextafter(b, std::numeric_limits<Dtype>::max());
}

template <typename Dtype>
void caffe_rng_uniform(const int n, const Dtype a, const Dtype b, Dtype* r) {
  Require(n >= 0 && a <= b, "uniform numbers in [", a, ", ", b, "], ", n,
          " of them, were asked for");
  const uint64_t first = caffe_rng()->Reserve(DrawWords<Dtype>::kUniform * n);
  FillUniform<Cpu>(n, caffe_rng()->philox(), first, a, b, r);
}

template <typename Dtype>
void caffe_rng_gaussian(const int n, const Dtype mu, const Dtype sigma, Dtype* r) {
  Require(n >= 0 && sigma > 0, "normal numbers of deviation ", sigma, ", ", n,
          " of them, were asked for");
  const uint64_t first = caffe_rng()->Reserve(DrawWords<Dtype>::gaussian(n));
  FillGaussian<Cpu>(n, caffe_rng()->philox(), first, mu, sigma, r);
}

namespace {

template <typename Dtype, typename Int>
void Bernoulli(const int n, const Dtype p, Int* r) {
  Require(n >= 0 && p >= 0 && p <= 1, "draws of probability ", p, ", ", n,
          " of them, were asked for");
  const uint64_t first = caffe_rng()->Reserve(n);
  const Philox philox = caffe_rng()->philox();
  const uint64_t bound = BernoulliBound(static_cast<double>(p));
  ForEach<Cpu>(n, [=](int64_t i) { r[i] = BernoulliDraw(philox, first, i, bound); });
}

}  // namespace

template <typename Dtype>
void caffe_rng_bernoulli(const int n, const Dtype p, int* r) {
  Bernoulli(n, p, r);
}

template <typename Dtype>
void caffe_rng_bernoulli(const int n, const Dtype p, unsigned int* r) {
  Bernoulli(n, p, r);
}

template <>
float caffe_cpu_strided_dot<float>(const int n, const float* x, const int incx, const float* y,
                                   const int incy) {
  return cblas_sdot(n, x, incx, y, incy);
}

template <>
double caffe_cpu_strided_dot<double>(const int n, const double* x, const int incx, const double* y,
                                     const int incy) {
  return cblas_ddot(n, x, incx, y, incy);
}

template <typename Dtype>
Dtype caffe_cpu_dot(const int n, const Dtype* x, const Dtype* y) {
  return Dot<Cpu>(n, x, y);
}

template <typename Dtype>
Dtype caffe_cpu_asum(const int n, const Dtype* x) {
  return Asum<Cpu>(n, x);
}

#define INSTANTIATE(Dtype)                                                                         \
  template void caffe_cpu_gemm(const CBLAS_TRANSPOSE, const CBLAS_TRANSPOSE, const int, const int, \
                               const int, const Dtype, const Dtype*, const Dtype*, const Dtype,    \
                               Dtype*);                                                            \
  template void caffe_cpu_gemv(const CBLAS_TRANSPOSE, const int, const int, const Dtype,           \
                               const Dtype*, const Dtype*, const Dtype, Dtype*);                   \
  template void caffe_axpy(const int, const Dtype, const Dtype*, Dtype*);                          \
  template void caffe_cpu_axpby(const int, const Dtype, const Dtype*, const Dtype, Dtype*);        \
  template void caffe_add_scalar(const int, const Dtype, Dtype*);                                  \
  template void caffe_scal(const int, const Dtype, Dtype*);                                        \
  template void caffe_sqr(const int, const Dtype*, Dtype*);                                        \
  template void caffe_sqrt(const int, const Dtype*, Dtype*);                                       \
  template void caffe_add(const int, const Dtype*, const Dtype*, Dtype*);                          \
  template void caffe_sub(const int, const Dtype*, const Dtype*, Dtype*);                          \
  template void caffe_mul(const int, const Dtype*, const Dtype*, Dtype*);                          \
  template void caffe_div(const int, const Dtype*, const Dtype*, Dtype*);                          \
  template void caffe_powx(const int, const Dtype*, const Dtype, Dtype*);                          \
  template void caffe_exp(const int, const Dtype*, Dtype*);                                        \
  template void caffe_log(const int, const Dtype*, Dtype*);                                        \
  template void caffe_abs(const int, const Dtype*, Dtype*);                                        \
  template void caffe_cpu_sign(const int, const Dtype*, Dtype*);                                   \
  template void caffe_cpu_sgnbit(const int, const Dtype*, Dtype*);                                 \
  template void caffe_cpu_fabs(const int, const Dtype*, Dtype*);                                   \
  template void caffe_cpu_scale(const int, const Dtype, const Dtype*, Dtype*);                     \
  template Dtype caffe_nextafter(const Dtype);                                                     \
  template void caffe_rng_uniform(const int, const Dtype, const Dtype, Dtype*);                    \
  template void caffe_rng_gaussian(const int, const Dtype, const Dtype, Dtype*);                   \
  template void caffe_rng_bernoulli(const int, const Dtype, int*);                                 \
  template void caffe_rng_bernoulli(const int, const Dtype, unsigned int*);                        \
  template Dtype caffe_cpu_dot(const int, const Dtype*, const Dtype*);                             \
  template Dtype caffe_cpu_asum(const int, const Dtype*);
INSTANTIATE(float)
INSTANTIATE(double)

#define INSTANTIATE_COPY_AND_SET(T)                  \
  template void caffe_copy(const int, const T*, T*); \
  template void caffe_set(const int, const T, T*);
INSTANTIATE_COPY_AND_SET(int)
INSTANTIATE_COPY_AND_SET(unsigned int)
INSTANTIATE_COPY_AND_SET(float)
INSTANTIATE_COPY_AND_SET(double)

}  // namespace caffe
