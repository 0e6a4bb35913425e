#ifndef CAFFE_DEVICE_CONTEXT_HPP_
#define CAFFE_DEVICE_CONTEXT_HPP_

namespace caffe {

/// Seeds this thread's cuRAND generators anew, from Caffe::random_seed(), before their next
/// use. Does nothing in a build without CUDA.
void ResetGpuGenerators() noexcept;

}  // namespace caffe

#endif  // CAFFE_DEVICE_CONTEXT_HPP_
