#include "caffe/device/blas.hpp"

#include <dnnl.h>

#include <cmath>
#include <cstring>

#include "caffe/device/launch.hpp"

namespace caffe {

namespace {

/// Single-precision products of at least so many multiply-adds go to oneDNN, which is about a
/// tenth faster than OpenBLAS; smaller ones are not.
constexpr int64_t kLargeProduct = 1 << 22;

char Letter(CBLAS_TRANSPOSE trans) { return trans == CblasNoTrans ? 'N' : 'T'; }

}  // namespace

template <>
void Gemm<Cpu, float>(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int m, int n, int k,
                      float alpha, const float* a, const float* b, float beta, float* c) {
  if (m == 0 || n == 0) return;
  const int lda = trans_a == CblasNoTrans ? k : m;
  const int ldb = trans_b == CblasNoTrans ? n : k;
  if (int64_t(m) * n * k >= kLargeProduct &&
      dnnl_sgemm(Letter(trans_a), Letter(trans_b), m, n, k, alpha, a, lda, b, ldb, beta, c, n) ==
          dnnl_success) {
    return;
  }
  cblas_sgemm(CblasRowMajor, trans_a, trans_b, m, n, k, alpha, a, std::max(lda, 1), b,
              std::max(ldb, 1), beta, c, n);
}

template <>
void Gemm<Cpu, double>(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int m, int n, int k,
                       double alpha, const double* a, const double* b, double beta, double* c) {
  if (m == 0 || n == 0) return;
  const int lda = trans_a == CblasNoTrans ? k : m;
  const int ldb = trans_b == CblasNoTrans ? n : k;
  cblas_dgemm(CblasRowMajor, trans_a, trans_b, m, n, k, alpha, a, std::max(lda, 1), b,
              std::max(ldb, 1), beta, c, n);
}

template <>
void Gemv<Cpu, float>(CBLAS_TRANSPOSE trans_a, int m, int n, float alpha, const float* a,
                      const float* x, float beta, float* y) {
  cblas_sgemv(CblasRowMajor, trans_a, m, n, alpha, a, n, x, 1, beta, y, 1);
}

template <>
void Gemv<Cpu, double>(CBLAS_TRANSPOSE trans_a, int m, int n, double alpha, const double* a,
                       const double* x, double beta, double* y) {
  cblas_dgemv(CblasRowMajor, trans_a, m, n, alpha, a, n, x, 1, beta, y, 1);
}

template <>
void Copy<Cpu, float>(int64_t n, const float* x, float* y) {
  if (x != y && n > 0) std::memcpy(y, x, n * sizeof(float));
}

template <>
void Copy<Cpu, double>(int64_t n, const double* x, double* y) {
  if (x != y && n > 0) std::memcpy(y, x, n * sizeof(double));
}

namespace {

template <typename Dtype>
Dtype DotOnCpu(int64_t n, const Dtype* x, const Dtype* y) {
  double sum = 0;
  Reduce<Cpu>(
      1, 1, n, [=](int64_t, int64_t, int64_t i) { return double(x[i]) * double(y[i]); },
      [&sum](int64_t, double total) { sum = total; });
  return static_cast<Dtype>(sum);
}

template <typename Dtype>
Dtype AsumOnCpu(int64_t n, const Dtype* x) {
  double sum = 0;
  Reduce<Cpu>(
      1, 1, n, [=](int64_t, int64_t, int64_t i) { return std::abs(double(x[i])); },
      [&sum](int64_t, double total) { sum = total; });
  return static_cast<Dtype>(sum);
}

}  // namespace

template <>
float Dot<Cpu, float>(int64_t n, const float* x, const float* y) {
  return DotOnCpu(n, x, y);
}
template <>
double Dot<Cpu, double>(int64_t n, const double* x, const double* y) {
  return DotOnCpu(n, x, y);
}
template <>
float Asum<Cpu, float>(int64_t n, const float* x) {
  return AsumOnCpu(n, x);
}
template <>
double Asum<Cpu, double>(int64_t n, const double* x) {
  return AsumOnCpu(n, x);
}

}  // namespace caffe
