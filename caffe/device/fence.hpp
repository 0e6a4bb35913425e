#ifndef CAFFE_DEVICE_FENCE_HPP_
#define CAFFE_DEVICE_FENCE_HPP_

namespace caffe {

/// Lets one thread wait until the GPU has finished what another thread gave it. Does nothing in
/// a build without CUDA.
class Fence {
 public:
  Fence() {}
  ~Fence();
  Fence(const Fence&) = delete;
  Fence& operator=(const Fence&) = delete;

  /// Marks the calling thread's work on its current device as of now.
  void Record();
  /// Waits until the marked work is done; returns at once if nothing was marked.
  void Wait();

 private:
  void* event_ = nullptr;
};

}  // namespace caffe

#endif  // CAFFE_DEVICE_FENCE_HPP_
