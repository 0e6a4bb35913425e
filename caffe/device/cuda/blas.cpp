#include "caffe/device/blas.hpp"

#include <algorithm>

#include "caffe/common.hpp"
#include "caffe/device/gpu_counter.hpp"

namespace caffe {
namespace {

cublasOperation_t Operation(CBLAS_TRANSPOSE trans) {
  return trans == CblasNoTrans ? CUBLAS_OP_N : CUBLAS_OP_T;
}

cublasOperation_t Transposed(CBLAS_TRANSPOSE trans) {
  return trans == CblasNoTrans ? CUBLAS_OP_T : CUBLAS_OP_N;
}

/// cuBLAS is column-major: what it sees is each matrix's transpose. C' = op(B)' op(A)'.
template <typename Dtype, typename CublasGemm>
void RowMajorGemm(CublasGemm gemm, CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int m, int n,
                  int k, Dtype alpha, const Dtype* a, const Dtype* b, Dtype beta, Dtype* c) {
  if (m == 0 || n == 0) return;
  const int lda = std::max(1, trans_a == CblasNoTrans ? k : m);
  const int ldb = std::max(1, trans_b == CblasNoTrans ? n : k);
  CountGpuLaunch("cuBLAS gemm", Caffe::stream());
  CUBLAS_CHECK(gemm(Caffe::cublas_handle(), Operation(trans_b), Operation(trans_a), n, m, k, &alpha,
                    b, ldb, a, lda, &beta, c, n));
}

template <typename Dtype, typename CublasGemv>
void RowMajorGemv(CublasGemv gemv, CBLAS_TRANSPOSE trans_a, int m, int n, Dtype alpha,
                  const Dtype* a, const Dtype* x, Dtype beta, Dtype* y) {
  if (m == 0 || n == 0) return;
  CountGpuLaunch("cuBLAS gemv", Caffe::stream());
  CUBLAS_CHECK(
      gemv(Caffe::cublas_handle(), Transposed(trans_a), n, m, &alpha, a, n, x, 1, &beta, y, 1));
}

template <typename Dtype>
void CopyOnDevice(int64_t n, const Dtype* x, Dtype* y) {
  if (n == 0 || x == y) return;
  const cudaStream_t stream = cuda::CurrentStream();
  CountGpuTransfer(&GpuCounts::OfStream::on_gpu, n * sizeof(Dtype), stream);
  CUDA_CHECK(cudaMemcpyAsync(y, x, n * sizeof(Dtype), cudaMemcpyDeviceToDevice, stream));
}

/// Of a sum that cuBLAS brings to the host.
void CountSum(const char* call) {
  CountGpuLaunch(call, Caffe::stream());
  CountGpuWait(call);
}

}  // namespace

template <>
void Gemm<Gpu, float>(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int m, int n, int k,
                      float alpha, const float* a, const float* b, float beta, float* c) {
  RowMajorGemm(cublasSgemm, trans_a, trans_b, m, n, k, alpha, a, b, beta, c);
}

template <>
void Gemm<Gpu, double>(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int m, int n, int k,
                       double alpha, const double* a, const double* b, double beta, double* c) {
  RowMajorGemm(cublasDgemm, trans_a, trans_b, m, n, k, alpha, a, b, beta, c);
}

template <>
void Gemv<Gpu, float>(CBLAS_TRANSPOSE trans_a, int m, int n, float alpha, const float* a,
                      const float* x, float beta, float* y) {
  RowMajorGemv(cublasSgemv, trans_a, m, n, alpha, a, x, beta, y);
}

template <>
void Gemv<Gpu, double>(CBLAS_TRANSPOSE trans_a, int m, int n, double alpha, const double* a,
                       const double* x, double beta, double* y) {
  RowMajorGemv(cublasDgemv, trans_a, m, n, alpha, a, x, beta, y);
}

template <>
void Copy<Gpu, float>(int64_t n, const float* x, float* y) {
  CopyOnDevice(n, x, y);
}

template <>
void Copy<Gpu, double>(int64_t n, const double* x, double* y) {
  CopyOnDevice(n, x, y);
}

// cuBLAS brings these results to the host, and so waits for them.

template <>
float Dot<Gpu, float>(int64_t n, const float* x, const float* y) {
  float sum = 0;
  CountSum("cuBLAS dot");
  CUBLAS_CHECK(cublasSdot(Caffe::cublas_handle(), static_cast<int>(n), x, 1, y, 1, &sum));
  return sum;
}

template <>
double Dot<Gpu, double>(int64_t n, const double* x, const double* y) {
  double sum = 0;
  CountSum("cuBLAS dot");
  CUBLAS_CHECK(cublasDdot(Caffe::cublas_handle(), static_cast<int>(n), x, 1, y, 1, &sum));
  return sum;
}

template <>
float Asum<Gpu, float>(int64_t n, const float* x) {
  float sum = 0;
  CountSum("cuBLAS asum");
  CUBLAS_CHECK(cublasSasum(Caffe::cublas_handle(), static_cast<int>(n), x, 1, &sum));
  return sum;
}

template <>
double Asum<Gpu, double>(int64_t n, const double* x) {
  double sum = 0;
  CountSum("cuBLAS asum");
  CUBLAS_CHECK(cublasDasum(Caffe::cublas_handle(), static_cast<int>(n), x, 1, &sum));
  return sum;
}

}  // namespace caffe
