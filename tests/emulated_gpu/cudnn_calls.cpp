// cuDNN's calls that compute: convolutions, and biases.
#include <cudnn.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/emulated_gpu/cudnn_convolution.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/settings.hpp"

using namespace emulated_gpu;

namespace {

enum class Direction { kForward, kBackwardData, kBackwardFilter };

/// What convolution calls take, in one place.
struct ConvolutionCall {
  Direction direction;
  ConvolutionShape shape;
  const void *alpha, *beta;
  void *in, *filter, *out;
  void* workspace;
  size_t workspace_bytes;
};

constexpr size_t kWorkspace = 64 << 10;

template <typename T>
void EnqueueConvolution(cudnnHandle_t handle, const ConvolutionCall& call) {
  const CpuConvolution<T> convolution(call.shape, *static_cast<const T*>(call.alpha),
                                      *static_cast<const T*>(call.beta));
  Enqueue(Of(handle).stream(), [convolution, call] {
    std::memset(call.workspace, 0xff, call.workspace_bytes);
    T *in = static_cast<T*>(call.in), *filter = static_cast<T*>(call.filter),
      *out = static_cast<T*>(call.out);
    switch (call.direction) {
      case Direction::kForward:
        convolution.Forward(in, filter, out);
        break;
      case Direction::kBackwardData:
        convolution.BackwardData(filter, out, in);
        break;
      case Direction::kBackwardFilter:
        convolution.BackwardFilter(in, out, filter);
        break;
    }
  });
}

cudnnStatus_t Convolve(cudnnHandle_t handle, const ConvolutionCall& call) {
  if (!call.shape.IsConsistent()) return CUDNN_STATUS_BAD_PARAM;
  if (call.workspace_bytes < kWorkspace) return CUDNN_STATUS_BAD_PARAM;
  const Lock lock(Machine::Get().mutex);
  RequireDeviceMemory(call.in, Bytes(call.shape.in), "cuDNN: x");
  RequireDeviceMemory(call.filter, Bytes(call.shape.filter), "cuDNN: w");
  RequireDeviceMemory(call.out, Bytes(call.shape.out), "cuDNN: y");
  RequireDeviceMemory(call.workspace, call.workspace_bytes, "cuDNN: workspace");
  if (call.shape.in.type == CUDNN_DATA_DOUBLE) {
    EnqueueConvolution<double>(handle, call);
  } else {
    EnqueueConvolution<float>(handle, call);
  }
  return CUDNN_STATUS_SUCCESS;
}

/// Proposals as a real library might make them: the first gives other bits every time, the second
/// needs more memory than anybody has.
template <typename Perf>
cudnnStatus_t Propose(const CudnnConvolution& convolution, int asked, int* count, Perf* perf) {
  *count = Setting("CUDNN", 1) != 0 ? std::min(asked, 3) : 0;
  for (int i = 0; i < *count; ++i) {
    perf[i] = Perf{};
    perf[i].algo = decltype(perf[i].algo)(i);
    perf[i].status = CUDNN_STATUS_SUCCESS;
    perf[i].memory = i == 1 ? size_t(1) << 40 : kWorkspace;
    perf[i].determinism = i == 0 ? CUDNN_NON_DETERMINISTIC : CUDNN_DETERMINISTIC;
    perf[i].mathType =
        convolution.compute_type == CUDNN_DATA_DOUBLE ? CUDNN_FMA_MATH : CUDNN_DEFAULT_MATH;
  }
  return CUDNN_STATUS_SUCCESS;
}

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

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t, const cudnnTensorDescriptor_t,
                                                     const cudnnFilterDescriptor_t,
                                                     const cudnnConvolutionDescriptor_t convolution,
                                                     const cudnnTensorDescriptor_t, const int asked,
                                                     int* count,
                                                     cudnnConvolutionFwdAlgoPerf_t* perf) {
  return Propose(Of(convolution), asked, count, perf);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
    cudnnHandle_t, const cudnnFilterDescriptor_t, const cudnnTensorDescriptor_t,
    const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t, const int asked,
    int* count, cudnnConvolutionBwdDataAlgoPerf_t* perf) {
  return Propose(Of(convolution), asked, count, perf);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    cudnnHandle_t, const cudnnTensorDescriptor_t, const cudnnTensorDescriptor_t,
    const cudnnConvolutionDescriptor_t convolution, const cudnnFilterDescriptor_t, const int asked,
    int* count, cudnnConvolutionBwdFilterAlgoPerf_t* perf) {
  return Propose(Of(convolution), asked, count, perf);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha,
                                      const cudnnTensorDescriptor_t x_shape, const void* x,
                                      const cudnnFilterDescriptor_t w_shape, const void* w,
                                      const cudnnConvolutionDescriptor_t convolution,
                                      cudnnConvolutionFwdAlgo_t, void* workspace, size_t bytes,
                                      const void* beta, const cudnnTensorDescriptor_t y_shape,
                                      void* y) {
  return Convolve(handle, {Direction::kForward,
                           {Of(x_shape), Of(w_shape), Of(convolution), Of(y_shape)},
                           alpha,
                           beta,
                           const_cast<void*>(x),
                           const_cast<void*>(w),
                           y,
                           workspace,
                           bytes});
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha,
                                           const cudnnFilterDescriptor_t w_shape, const void* w,
                                           const cudnnTensorDescriptor_t dy_shape, const void* dy,
                                           const cudnnConvolutionDescriptor_t convolution,
                                           cudnnConvolutionBwdDataAlgo_t, void* workspace,
                                           size_t bytes, const void* beta,
                                           const cudnnTensorDescriptor_t dx_shape, void* dx) {
  return Convolve(handle, {Direction::kBackwardData,
                           {Of(dx_shape), Of(w_shape), Of(convolution), Of(dy_shape)},
                           alpha,
                           beta,
                           dx,
                           const_cast<void*>(w),
                           const_cast<void*>(dy),
                           workspace,
                           bytes});
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha,
                                             const cudnnTensorDescriptor_t x_shape, const void* x,
                                             const cudnnTensorDescriptor_t dy_shape, const void* dy,
                                             const cudnnConvolutionDescriptor_t convolution,
                                             cudnnConvolutionBwdFilterAlgo_t, void* workspace,
                                             size_t bytes, const void* beta,
                                             const cudnnFilterDescriptor_t dw_shape, void* dw) {
  return Convolve(handle, {Direction::kBackwardFilter,
                           {Of(x_shape), Of(dw_shape), Of(convolution), Of(dy_shape)},
                           alpha,
                           beta,
                           const_cast<void*>(x),
                           dw,
                           const_cast<void*>(dy),
                           workspace,
                           bytes});
}

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
