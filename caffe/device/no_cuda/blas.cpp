#include "caffe/device/blas.hpp"

#include "caffe/device/no_cuda/gpu_launch.hpp"

namespace caffe {

template <>
void Gemm<Gpu, float>(CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, int, int, int, float, const float*,
                      const float*, float, float*) {
  ThrowNoGpu();
}

template <>
void Gemm<Gpu, double>(CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, int, int, int, double, const double*,
                       const double*, double, double*) {
  ThrowNoGpu();
}

template <>
void Gemv<Gpu, float>(CBLAS_TRANSPOSE, int, int, float, const float*, const float*, float, float*) {
  ThrowNoGpu();
}

template <>
void Gemv<Gpu, double>(CBLAS_TRANSPOSE, int, int, double, const double*, const double*, double,
                       double*) {
  ThrowNoGpu();
}

template <>
void Copy<Gpu, float>(int64_t, const float*, float*) {
  ThrowNoGpu();
}

template <>
void Copy<Gpu, double>(int64_t, const double*, double*) {
  ThrowNoGpu();
}

template <>
float Dot<Gpu, float>(int64_t, const float*, const float*) {
  ThrowNoGpu();
}

template <>
double Dot<Gpu, double>(int64_t, const double*, const double*) {
  ThrowNoGpu();
}

template <>
float Asum<Gpu, float>(int64_t, const float*) {
  ThrowNoGpu();
}

template <>
double Asum<Gpu, double>(int64_t, const double*) {
  ThrowNoGpu();
}

}  // namespace caffe
