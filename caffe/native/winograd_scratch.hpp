#ifndef CAFFE_NATIVE_WINOGRAD_SCRATCH_HPP_
#define CAFFE_NATIVE_WINOGRAD_SCRATCH_HPP_

#include <cstdint>

namespace caffe::winograd {

/// Memory of at least so many floats for the pass that this thread is about to run. The next
/// call on the same thread may return the same memory, or free it for more.
float* Scratch(int64_t floats);

}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_SCRATCH_HPP_
