#ifndef CAFFE_DEVICE_HOST_MEMORY_HPP_
#define CAFFE_DEVICE_HOST_MEMORY_HPP_

#include <cstddef>

namespace caffe {

/// Memory aligned to cache lines, for HostFree; null where there is none left. Its content is
/// undefined. Large arrays come from a pool that keeps what is given back, joins neighbours and
/// never returns it to the system: memory that is used in turn for one thing and another is then
/// touched for the first time only once. It lies in large pages where the system has them.
void* HostAllocate(size_t bytes);
/// Null is allowed.
void HostFree(void* memory);

/// While it lives, this thread's memory comes from a pool of its own. What a forward pass
/// allocates lives long and is given back in the opposite order; the short-lived gradients of the
/// backward pass would leave holes between that fit nothing.
class BackwardPassScope {
 public:
  BackwardPassScope();
  ~BackwardPassScope();
  BackwardPassScope(const BackwardPassScope&) = delete;
  BackwardPassScope& operator=(const BackwardPassScope&) = delete;

 private:
  const bool outer_;
};

/// Fills what HostAllocate returns with NaN from now on, to find those who rely on what is there.
void SetHostMemoryPoison(bool poison);

}  // namespace caffe

#endif  // CAFFE_DEVICE_HOST_MEMORY_HPP_
