#ifndef CAFFE_UTIL_GPU_UTIL_H_
#define CAFFE_UTIL_GPU_UTIL_H_

namespace caffe {

/// Adds val to *address and returns what was there before, as one step.
template <typename Dtype>
inline __device__ Dtype caffe_gpu_atomic_add(const Dtype val, Dtype* address) {
  return atomicAdd(address, val);
}

}  // namespace caffe

#endif  // CAFFE_UTIL_GPU_UTIL_H_
