#ifndef TESTS_EMULATED_GPU_CUDNN_DESCRIPTORS_HPP_
#define TESTS_EMULATED_GPU_CUDNN_DESCRIPTORS_HPP_

#include <cudnn.h>

#include <cstddef>

#include "tests/emulated_gpu/library_handle.hpp"

namespace emulated_gpu {

/// What stands behind cuDNN's descriptors.
struct CudnnTensor {
  cudnnDataType_t type;
  int n, c, h, w;
  int stride_n, stride_c, stride_h, stride_w;
};
struct CudnnFilter {
  cudnnDataType_t type;
  int k, c, h, w;
};
struct CudnnConvolution {
  int pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w;
  int groups = 1;
  cudnnDataType_t compute_type;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};

inline LibraryHandle& Of(cudnnHandle_t handle) { return *reinterpret_cast<LibraryHandle*>(handle); }
inline CudnnTensor& Of(cudnnTensorDescriptor_t descriptor) {
  return *reinterpret_cast<CudnnTensor*>(descriptor);
}
inline CudnnFilter& Of(cudnnFilterDescriptor_t descriptor) {
  return *reinterpret_cast<CudnnFilter*>(descriptor);
}
inline CudnnConvolution& Of(cudnnConvolutionDescriptor_t descriptor) {
  return *reinterpret_cast<CudnnConvolution*>(descriptor);
}

inline size_t ElementBytes(cudnnDataType_t type) { return type == CUDNN_DATA_DOUBLE ? 8 : 4; }

inline size_t Count(const CudnnTensor& t) { return size_t(t.n) * t.c * t.h * t.w; }
inline size_t Count(const CudnnFilter& f) { return size_t(f.k) * f.c * f.h * f.w; }

template <typename Descriptor>
size_t Bytes(const Descriptor& descriptor) {
  return Count(descriptor) * ElementBytes(descriptor.type);
}

inline bool IsPacked(const CudnnTensor& t) {
  return t.stride_w == 1 && t.stride_h == t.w && t.stride_c == t.h * t.w &&
         t.stride_n == t.c * t.h * t.w;
}

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_CUDNN_DESCRIPTORS_HPP_
