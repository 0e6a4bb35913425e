#ifndef CAFFE_DEVICE_DEVICE_HPP_
#define CAFFE_DEVICE_DEVICE_HPP_

#include <cstdint>

/// Marks a function that runs on the host and in a CUDA kernel.
#ifdef __CUDACC__
#define CAFFE_HD __host__ __device__
#else
#define CAFFE_HD
#endif

namespace caffe {

/// Tags that choose where a kernel runs.
struct Cpu {};
struct Gpu {};

}  // namespace caffe

#endif  // CAFFE_DEVICE_DEVICE_HPP_
