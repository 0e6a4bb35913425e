// cuBLAS, over the CPU's BLAS. Matrices are column-major.
#include <cblas.h>
#include <cublas_v2.h>

#include <algorithm>
#include <cmath>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/graph.hpp"
#include "tests/emulated_gpu/library_handle.hpp"
#include "tests/emulated_gpu/machine.hpp"

using namespace emulated_gpu;

namespace {

struct Handle : LibraryHandle {
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
};

Handle& Of(cublasHandle_t handle) { return *reinterpret_cast<Handle*>(handle); }

CBLAS_TRANSPOSE Transposed(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N ? CblasNoTrans : CblasTrans;
}

void CpuGemm(cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, float alpha,
             const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasColMajor, Transposed(ta), Transposed(tb), m, n, k, alpha, a, lda, b, ldb, beta,
              c, ldc);
}

void CpuGemm(cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, double alpha,
             const double* a, int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasColMajor, Transposed(ta), Transposed(tb), m, n, k, alpha, a, lda, b, ldb, beta,
              c, ldc);
}

/// One operand of a batch: `rows` x `columns` numbers, `step` from column to column, `stride` from
/// matrix to matrix.
template <typename T>
struct Operand {
  T* data;
  int rows, columns, step;
  long long stride;

  size_t Bytes(int batch) const {
    if (rows == 0 || columns == 0 || batch == 0) return 0;
    return (size_t(batch - 1) * stride + size_t(columns - 1) * step + rows) * sizeof(T);
  }
  bool valid() const { return rows >= 0 && columns >= 0 && step >= std::max(1, rows); }
};

template <typename T>
cublasStatus_t Gemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
                    int k, const T* alpha, const T* a, int lda, long long stride_a, const T* b,
                    int ldb, long long stride_b, const T* beta, T* c, int ldc, long long stride_c,
                    int batch) {
  const bool a_plain = ta == CUBLAS_OP_N, b_plain = tb == CUBLAS_OP_N;
  const Operand<const T> left{a, a_plain ? m : k, a_plain ? k : m, lda, stride_a};
  const Operand<const T> right{b, b_plain ? k : n, b_plain ? n : k, ldb, stride_b};
  const Operand<T> result{c, m, n, ldc, stride_c};
  if (!left.valid() || !right.valid() || !result.valid() || batch < 0) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const Lock lock(Machine::Get().mutex);
  RequireDeviceMemory(Of(handle).workspace, Of(handle).workspace_bytes, "cuBLAS: workspace");
  RequireDeviceMemory(a, left.Bytes(batch), "cuBLAS: A");
  RequireDeviceMemory(b, right.Bytes(batch), "cuBLAS: B");
  RequireDeviceMemory(c, result.Bytes(batch), "cuBLAS: C");
  Enqueue(Of(handle).stream(), [=, alpha = *alpha, beta = *beta] {
    for (int i = 0; i < batch; ++i) {
      T* const out = c + i * stride_c;
      // Zero times NaN is zero here.
      for (int j = 0; beta == T(0) && j < n; ++j) std::fill_n(out + size_t(j) * ldc, m, T(0));
      CpuGemm(ta, tb, m, n, k, alpha, a + i * stride_a, lda, b + i * stride_b, ldb, beta, out, ldc);
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}

template <typename T>
cublasStatus_t Gemv(cublasHandle_t handle, cublasOperation_t trans, int m, int n, const T* alpha,
                    const T* a, int lda, const T* x, int step_x, const T* beta, T* y, int step_y) {
  if (step_x != 1 || step_y != 1) return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool plain = trans == CUBLAS_OP_N;
  const int in = plain ? n : m, out = plain ? m : n;
  return Gemm<T>(handle, trans, CUBLAS_OP_N, out, 1, in, alpha, a, lda, 0, x, std::max(1, in), 0,
                 beta, y, std::max(1, out), 0, 1);
}

/// Brings `sum` over x (and y) to the host, and so waits.
template <typename T, typename Term>
cublasStatus_t Sum(cublasHandle_t handle, int n, const T* x, const T* y, T* result,
                   const Term& term) {
  const Lock lock(Machine::Get().mutex);
  if (n < 0) return CUBLAS_STATUS_INVALID_VALUE;
  if (CheckNotCapturing(StreamOf(Of(handle).stream())) != cudaSuccess) {
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
  RequireDeviceMemory(x, size_t(n) * sizeof(T), "cuBLAS: x");
  RequireDeviceMemory(y, size_t(n) * sizeof(T), "cuBLAS: y");
  if (Machine::Get().arena.Contains(result)) {
    Fault("cuBLAS: the result is on the device, the pointer mode says host");
  }
  Enqueue(Of(handle).stream(), [=] {
    // As a GPU: many partial sums, then their sum.
    T partial[64] = {};
    for (int i = 0; i < n; ++i) partial[i % 64] += term(x[i], y[i]);
    T total = 0;
    for (const T part : partial) total += part;
    *result = total;
  });
  StreamOf(Of(handle).stream())->RunAll();
  return CUBLAS_STATUS_SUCCESS;
}

template <typename T>
cublasStatus_t Dot(cublasHandle_t handle, int n, const T* x, const T* y, T* result) {
  return Sum(handle, n, x, y, result, [](T a, T b) { return a * b; });
}

template <typename T>
cublasStatus_t Asum(cublasHandle_t handle, int n, const T* x, T* result) {
  return Sum(handle, n, x, x, result, [](T a, T) { return std::fabs(a); });
}

}  // namespace

extern "C" {

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  *handle = reinterpret_cast<cublasHandle_t>(new Handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  Of(handle).CheckStream("cublasDestroy");
  delete &Of(handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  Of(handle).set_stream(stream);
  Of(handle).workspace = nullptr;
  Of(handle).workspace_bytes = 0;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t bytes) {
  Of(handle).workspace = workspace;
  Of(handle).workspace_bytes = bytes;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) { return CUBLAS_STATUS_SUCCESS; }

const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    default:
      return "a status of the emulated cuBLAS";
  }
}

#define EMULATE(LETTER, T)                                                                         \
  cublasStatus_t cublas##LETTER##gemm_v2(                                                          \
      cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,      \
      const T* alpha, const T* a, int lda, const T* b, int ldb, const T* beta, T* c, int ldc) {    \
    return Gemm<T>(handle, ta, tb, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1);      \
  }                                                                                                \
  cublasStatus_t cublas##LETTER##gemmStridedBatched(                                               \
      cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,      \
      const T* alpha, const T* a, int lda, long long stride_a, const T* b, int ldb,                \
      long long stride_b, const T* beta, T* c, int ldc, long long stride_c, int batch) {           \
    return Gemm<T>(handle, ta, tb, m, n, k, alpha, a, lda, stride_a, b, ldb, stride_b, beta, c,    \
                   ldc, stride_c, batch);                                                          \
  }                                                                                                \
  cublasStatus_t cublas##LETTER##gemv_v2(cublasHandle_t handle, cublasOperation_t trans, int m,    \
                                         int n, const T* alpha, const T* a, int lda, const T* x,   \
                                         int step_x, const T* beta, T* y, int step_y) {            \
    return Gemv<T>(handle, trans, m, n, alpha, a, lda, x, step_x, beta, y, step_y);                \
  }                                                                                                \
  cublasStatus_t cublas##LETTER##dot_v2(cublasHandle_t handle, int n, const T* x, int, const T* y, \
                                        int, T* result) {                                          \
    return Dot<T>(handle, n, x, y, result);                                                        \
  }                                                                                                \
  cublasStatus_t cublas##LETTER##asum_v2(cublasHandle_t handle, int n, const T* x, int,            \
                                         T* result) {                                              \
    return Asum<T>(handle, n, x, result);                                                          \
  }

EMULATE(S, float)
EMULATE(D, double)
#undef EMULATE

}  // extern "C"
