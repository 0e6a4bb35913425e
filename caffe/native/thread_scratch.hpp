#ifndef CAFFE_NATIVE_THREAD_SCRATCH_HPP_
#define CAFFE_NATIVE_THREAD_SCRATCH_HPP_

#include <cstddef>
#include <cstdint>

namespace caffe {

/// Memory of the calling thread for one operation's intermediate values, with at least this many
/// bytes, on a boundary of large pages. Good until the thread's next call: an operation asks once.
/// The threads that the operation starts may use the pointer. The content is undefined.
void* ThreadScratch(size_t bytes);
inline float* FloatScratch(int64_t floats) {
  return static_cast<float*>(ThreadScratch(static_cast<size_t>(floats) * sizeof(float)));
}

}  // namespace caffe

#endif  // CAFFE_NATIVE_THREAD_SCRATCH_HPP_
