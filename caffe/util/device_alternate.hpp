#ifndef CAFFE_UTIL_DEVICE_ALTERNATE_H_
#define CAFFE_UTIL_DEVICE_ALTERNATE_H_

/// Macros of Caffe's interface that let a layer be built with and without CUDA.

#ifdef CPU_ONLY

#include "caffe/error.hpp"

#define NO_GPU throw ::caffe::Error("This build has no GPU code. Use the CPU, or build with CUDA.")

/// Defines Forward_gpu and Backward_gpu of a layer for a build without CUDA.
#define STUB_GPU(classname)                                                 \
  template <typename Dtype>                                                 \
  void classname<Dtype>::Forward_gpu(const vector<Blob<Dtype>*>& bottom,    \
                                     const vector<Blob<Dtype>*>& top) {     \
    NO_GPU;                                                                 \
  }                                                                         \
  template <typename Dtype>                                                 \
  void classname<Dtype>::Backward_gpu(const vector<Blob<Dtype>*>& top,      \
                                      const vector<bool>& propagate_down,   \
                                      const vector<Blob<Dtype>*>& bottom) { \
    NO_GPU;                                                                 \
  }

#define STUB_GPU_FORWARD(classname, funcname)                               \
  template <typename Dtype>                                                 \
  void classname<Dtype>::funcname##_gpu(const vector<Blob<Dtype>*>& bottom, \
                                        const vector<Blob<Dtype>*>& top) {  \
    NO_GPU;                                                                 \
  }

#define STUB_GPU_BACKWARD(classname, funcname)                                \
  template <typename Dtype>                                                   \
  void classname<Dtype>::funcname##_gpu(const vector<Blob<Dtype>*>& top,      \
                                        const vector<bool>& propagate_down,   \
                                        const vector<Blob<Dtype>*>& bottom) { \
    NO_GPU;                                                                   \
  }

#else  // CPU_ONLY

#include <cublas_v2.h>
#include <cuda.h>
#include <cuda_runtime.h>
#include <curand.h>

#include "caffe/device/cuda/cuda_check.hpp"

#define CUDA_CHECK(condition) CAFFE_CUDA_CHECK(condition)

#define CUBLAS_CHECK(condition)                                                           \
  do {                                                                                    \
    const cublasStatus_t caffe_status = (condition);                                      \
    if (caffe_status != CUBLAS_STATUS_SUCCESS) {                                          \
      cudaGetLastError(); /* or a later launch would report it again */                   \
      throw ::caffe::Error("cuBLAS: ", ::caffe::cublasGetErrorString(caffe_status), " (", \
                           #condition, ", ", __FILE__, ":", __LINE__, ")");               \
    }                                                                                     \
  } while (0)

#define CURAND_CHECK(condition)                                                           \
  do {                                                                                    \
    const curandStatus_t caffe_status = (condition);                                      \
    if (caffe_status != CURAND_STATUS_SUCCESS) {                                          \
      cudaGetLastError(); /* or a later launch would report it again */                   \
      throw ::caffe::Error("cuRAND: ", ::caffe::curandGetErrorString(caffe_status), " (", \
                           #condition, ", ", __FILE__, ":", __LINE__, ")");               \
    }                                                                                     \
  } while (0)

/// Grid-stride loop over [0, n).
#define CUDA_KERNEL_LOOP(i, n) \
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += blockDim.x * gridDim.x)

#define CUDA_POST_KERNEL_CHECK CUDA_CHECK(cudaPeekAtLastError())

namespace caffe {

const char* cublasGetErrorString(cublasStatus_t error);
const char* curandGetErrorString(curandStatus_t error);

/// Threads in a block of kernels launched with CAFFE_GET_BLOCKS.
const int CAFFE_CUDA_NUM_THREADS = 512;

inline int CAFFE_GET_BLOCKS(const int N) {
  return (N + CAFFE_CUDA_NUM_THREADS - 1) / CAFFE_CUDA_NUM_THREADS;
}

}  // namespace caffe

#endif  // CPU_ONLY

#endif  // CAFFE_UTIL_DEVICE_ALTERNATE_H_
