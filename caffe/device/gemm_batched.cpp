#include "caffe/device/gemm_batched.hpp"

namespace caffe {
namespace {

/// Products of up to this many multiply-adds are spread over threads as wholes; BLAS splits larger
/// ones itself. A batch of fewer than kSmallBatch is not worth waking other threads.
constexpr int64_t kSmallProduct = 1 << 21, kSmallBatch = 1 << 15;

void Multiply(ProductSize s, float alpha, MatrixBatch<const float> a, MatrixBatch<const float> b,
              float beta, MatrixBatch<float> c) {
  cblas_sgemm(CblasRowMajor, a.trans, b.trans, s.m, s.n, s.k, alpha, a.data, a.step, b.data, b.step,
              beta, c.data, c.step);
}

void Multiply(ProductSize s, double alpha, MatrixBatch<const double> a, MatrixBatch<const double> b,
              double beta, MatrixBatch<double> c) {
  cblas_dgemm(CblasRowMajor, a.trans, b.trans, s.m, s.n, s.k, alpha, a.data, a.step, b.data, b.step,
              beta, c.data, c.step);
}

template <typename T>
MatrixBatch<T> At(MatrixBatch<T> matrices, int64_t i) {
  matrices.data += i * matrices.stride;
  return matrices;
}

template <typename Dtype>
void MultiplyAll(int batch, ProductSize size, Dtype alpha, MatrixBatch<const Dtype> a,
                 MatrixBatch<const Dtype> b, Dtype beta, MatrixBatch<Dtype> c) {
  if (size.m == 0 || size.n == 0) return;
  const int64_t work = int64_t(size.m) * size.n * size.k;
#pragma omp parallel for schedule(static) if (work <= kSmallProduct && batch * work > kSmallBatch)
  for (int64_t i = 0; i < batch; ++i) Multiply(size, alpha, At(a, i), At(b, i), beta, At(c, i));
}

}  // namespace

template <>
void GemmBatched<Cpu, float>(int batch, ProductSize size, float alpha, MatrixBatch<const float> a,
                             MatrixBatch<const float> b, float beta, MatrixBatch<float> c) {
  MultiplyAll(batch, size, alpha, a, b, beta, c);
}

template <>
void GemmBatched<Cpu, double>(int batch, ProductSize size, double alpha,
                              MatrixBatch<const double> a, MatrixBatch<const double> b, double beta,
                              MatrixBatch<double> c) {
  MultiplyAll(batch, size, alpha, a, b, beta, c);
}

}  // namespace caffe
