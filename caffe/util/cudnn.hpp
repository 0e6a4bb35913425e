#ifndef CAFFE_UTIL_CUDNN_H_
#define CAFFE_UTIL_CUDNN_H_

/// Helpers around cuDNN under Caffe's names. Empty in a build without CUDA.

#ifdef USE_CUDNN

#include <cudnn.h>

#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"

#define CUDNN_VERSION_MIN(major, minor, patch) \
  (CUDNN_VERSION >= ((major)*1000 + (minor)*100 + (patch)))

/// Throws caffe::Error naming the call unless it succeeds.
#define CUDNN_CHECK(condition)                                                                   \
  do {                                                                                           \
    const cudnnStatus_t caffe_status = (condition);                                              \
    if (caffe_status != CUDNN_STATUS_SUCCESS) {                                                  \
      cudaGetLastError(); /* or a later launch would report it again */                          \
      throw ::caffe::Error("cuDNN: ", cudnnGetErrorString(caffe_status), " (", #condition, ", ", \
                           __FILE__, ":", __LINE__, ")");                                        \
    }                                                                                            \
  } while (0)

namespace caffe {

namespace cudnn {

/// cuDNN's name of a number type, and pointers to its 1 and 0.
template <typename Dtype>
class dataType;
template <>
class dataType<float> {
 public:
  static const cudnnDataType_t type = CUDNN_DATA_FLOAT;
  inline static float oneval = 1, zeroval = 0;
  inline static const void* one = &oneval;
  inline static const void* zero = &zeroval;
};
template <>
class dataType<double> {
 public:
  static const cudnnDataType_t type = CUDNN_DATA_DOUBLE;
  inline static double oneval = 1, zeroval = 0;
  inline static const void* one = &oneval;
  inline static const void* zero = &zeroval;
};

template <typename Dtype>
inline void createTensor4dDesc(cudnnTensorDescriptor_t* desc) {
  CUDNN_CHECK(cudnnCreateTensorDescriptor(desc));
}

template <typename Dtype>
inline void setTensor4dDesc(cudnnTensorDescriptor_t* desc, int n, int c, int h, int w, int stride_n,
                            int stride_c, int stride_h, int stride_w) {
  CUDNN_CHECK(cudnnSetTensor4dDescriptorEx(*desc, dataType<Dtype>::type, n, c, h, w, stride_n,
                                           stride_c, stride_h, stride_w));
}

/// Row-major.
template <typename Dtype>
inline void setTensor4dDesc(cudnnTensorDescriptor_t* desc, int n, int c, int h, int w) {
  setTensor4dDesc<Dtype>(desc, n, c, h, w, c * h * w, h * w, w, 1);
}

template <typename Dtype>
inline void createFilterDesc(cudnnFilterDescriptor_t* desc, int n, int c, int h, int w) {
  CUDNN_CHECK(cudnnCreateFilterDescriptor(desc));
  CUDNN_CHECK(
      cudnnSetFilter4dDescriptor(*desc, dataType<Dtype>::type, CUDNN_TENSOR_NCHW, n, c, h, w));
}

template <typename Dtype>
inline void createConvolutionDesc(cudnnConvolutionDescriptor_t* conv) {
  CUDNN_CHECK(cudnnCreateConvolutionDescriptor(conv));
}

template <typename Dtype>
inline void setConvolutionDesc(cudnnConvolutionDescriptor_t* conv, cudnnTensorDescriptor_t bottom,
                               cudnnFilterDescriptor_t filter, int pad_h, int pad_w, int stride_h,
                               int stride_w) {
  CUDNN_CHECK(cudnnSetConvolution2dDescriptor(*conv, pad_h, pad_w, stride_h, stride_w, 1, 1,
                                              CUDNN_CROSS_CORRELATION, dataType<Dtype>::type));
}

template <typename Dtype>
inline void createPoolingDesc(cudnnPoolingDescriptor_t* pool_desc,
                              PoolingParameter_PoolMethod poolmethod, cudnnPoolingMode_t* mode,
                              int h, int w, int pad_h, int pad_w, int stride_h, int stride_w) {
  Require(poolmethod != PoolingParameter_PoolMethod_STOCHASTIC,
          "cuDNN has no STOCHASTIC pooling. Use engine CAFFE.");
  *mode = poolmethod == PoolingParameter_PoolMethod_MAX
              ? CUDNN_POOLING_MAX
              : CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING;
  CUDNN_CHECK(cudnnCreatePoolingDescriptor(pool_desc));
  CUDNN_CHECK(cudnnSetPooling2dDescriptor(*pool_desc, *mode, CUDNN_PROPAGATE_NAN, h, w, pad_h,
                                          pad_w, stride_h, stride_w));
}

template <typename Dtype>
inline void createActivationDescriptor(cudnnActivationDescriptor_t* activ_desc,
                                       cudnnActivationMode_t mode) {
  CUDNN_CHECK(cudnnCreateActivationDescriptor(activ_desc));
  CUDNN_CHECK(cudnnSetActivationDescriptor(*activ_desc, mode, CUDNN_PROPAGATE_NAN, Dtype(0)));
}

}  // namespace cudnn

}  // namespace caffe

#endif  // USE_CUDNN

#endif  // CAFFE_UTIL_CUDNN_H_
