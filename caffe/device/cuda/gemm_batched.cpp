#include "caffe/device/gemm_batched.hpp"

#include "caffe/common.hpp"
#include "caffe/device/gpu_counter.hpp"

namespace caffe {
namespace {

cublasOperation_t Operation(CBLAS_TRANSPOSE trans) {
  return trans == CblasNoTrans ? CUBLAS_OP_N : CUBLAS_OP_T;
}

/// cuBLAS is column-major: what it sees is each matrix's transpose. C' = op(B)' op(A)'.
template <typename Dtype, typename CublasGemm>
void RowMajor(CublasGemm gemm, int batch, ProductSize s, Dtype alpha, MatrixBatch<const Dtype> a,
              MatrixBatch<const Dtype> b, Dtype beta, MatrixBatch<Dtype> c) {
  if (batch == 0 || s.m == 0 || s.n == 0) return;
  CountGpuLaunch("cuBLAS gemm, batched", Caffe::stream());
  CUBLAS_CHECK(gemm(Caffe::cublas_handle(), Operation(b.trans), Operation(a.trans), s.n, s.m, s.k,
                    &alpha, b.data, b.step, b.stride, a.data, a.step, a.stride, &beta, c.data,
                    c.step, c.stride, batch));
}

}  // namespace

template <>
void GemmBatched<Gpu, float>(int batch, ProductSize size, float alpha, MatrixBatch<const float> a,
                             MatrixBatch<const float> b, float beta, MatrixBatch<float> c) {
  RowMajor(cublasSgemmStridedBatched, batch, size, alpha, a, b, beta, c);
}

template <>
void GemmBatched<Gpu, double>(int batch, ProductSize size, double alpha,
                              MatrixBatch<const double> a, MatrixBatch<const double> b, double beta,
                              MatrixBatch<double> c) {
  RowMajor(cublasDgemmStridedBatched, batch, size, alpha, a, b, beta, c);
}

}  // namespace caffe
