// cuDNN's calls that compute: biases. Convolutions: cudnn_backend.cpp.
#include <cudnn.h>

#include <cstddef>
#include <vector>

#include "tests/emulated_gpu/cudnn_descriptors.hpp"
#include "tests/emulated_gpu/machine.hpp"

using namespace emulated_gpu;

namespace {

/// y = alpha * bias + beta * y for every image and place.
template <typename T>
void AddBias(const CudnnTensor& shape, T alpha, const T* bias, T beta, T* y) {
  const size_t plane = size_t(shape.h) * shape.w;
  for (size_t i = 0; i < Count(shape); ++i) {
    y[i] = alpha * bias[i / plane % shape.c] + beta * y[i];
  }
}

/// bias_diff = alpha * (sum of y_diff over images and places) + beta * bias_diff.
template <typename T>
void SumBias(const CudnnTensor& shape, T alpha, const T* y_diff, T beta, T* bias_diff) {
  const size_t plane = size_t(shape.h) * shape.w;
  std::vector<double> sum(shape.c);
  for (size_t i = 0; i < Count(shape); ++i) sum[i / plane % shape.c] += y_diff[i];
  for (int c = 0; c < shape.c; ++c) {
    bias_diff[c] = alpha * T(sum[c]) + (beta == T(0) ? T(0) : beta * bias_diff[c]);
  }
}

bool IsBiasOf(const CudnnTensor& bias, const CudnnTensor& y) {
  return bias.n == 1 && bias.c == y.c && bias.h == 1 && bias.w == 1 && bias.type == y.type &&
         IsPacked(y);
}

/// f(T()) with the number type of a descriptor.
template <typename F>
void WithType(cudnnDataType_t type, const F& f) {
  if (type == CUDNN_DATA_DOUBLE) {
    f(double());
  } else {
    f(float());
  }
}

}  // namespace

extern "C" {

cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha,
                             const cudnnTensorDescriptor_t bias_shape, const void* bias,
                             const void* beta, const cudnnTensorDescriptor_t y_shape, void* y) {
  const CudnnTensor shape = Of(y_shape);
  if (!IsBiasOf(Of(bias_shape), shape)) return CUDNN_STATUS_NOT_SUPPORTED;
  const Lock lock(Machine::Get().mutex);
  RequireDeviceMemory(bias, Bytes(Of(bias_shape)), "cuDNN: bias");
  RequireDeviceMemory(y, Bytes(shape), "cuDNN: y");
  WithType(shape.type, [&](auto type) {
    using T = decltype(type);
    Enqueue(Of(handle).stream(),
            [=, a = *static_cast<const T*>(alpha), b = *static_cast<const T*>(beta)] {
              AddBias<T>(shape, a, static_cast<const T*>(bias), b, static_cast<T*>(y));
            });
  });
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionBackwardBias(cudnnHandle_t handle, const void* alpha,
                                           const cudnnTensorDescriptor_t dy_shape, const void* dy,
                                           const void* beta, const cudnnTensorDescriptor_t db_shape,
                                           void* db) {
  const CudnnTensor shape = Of(dy_shape);
  if (!IsBiasOf(Of(db_shape), shape)) return CUDNN_STATUS_NOT_SUPPORTED;
  const Lock lock(Machine::Get().mutex);
  RequireDeviceMemory(dy, Bytes(shape), "cuDNN: dy");
  RequireDeviceMemory(db, Bytes(Of(db_shape)), "cuDNN: db");
  WithType(shape.type, [&](auto type) {
    using T = decltype(type);
    Enqueue(Of(handle).stream(),
            [=, a = *static_cast<const T*>(alpha), b = *static_cast<const T*>(beta)] {
              SumBias<T>(shape, a, static_cast<const T*>(dy), b, static_cast<T*>(db));
            });
  });
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
