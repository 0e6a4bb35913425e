#ifndef CAFFE_NATIVE_CUDA_CUDNN_CONTEXT_HPP_
#define CAFFE_NATIVE_CUDA_CUDNN_CONTEXT_HPP_

#include <cudnn.h>

#include <cstddef>

namespace caffe::cuda {

/// This thread's cuDNN handle for its current device, on Caffe::stream(). Created at first use.
cudnnHandle_t CudnnHandle();

/// Device memory for the call that follows on this thread's stream; every such call shares it.
/// Good until the next call of this function.
void* CudnnWorkspace(size_t bytes);

}  // namespace caffe::cuda

#endif  // CAFFE_NATIVE_CUDA_CUDNN_CONTEXT_HPP_
