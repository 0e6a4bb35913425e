#ifndef CAFFE_SYNCEDMEM_HPP_
#define CAFFE_SYNCEDMEM_HPP_

#include <cstdint>
#include <memory>

#include "caffe/common.hpp"

namespace caffe {

/// Allocates host memory; page-locked if *use_cuda comes back true (GPU mode).
void CaffeMallocHost(void** ptr, size_t size, bool* use_cuda);
void CaffeFreeHost(void* ptr, bool use_cuda);

/// A copy of some memory's content in an engine's own layout or number type: oneDNN's blocked
/// layouts on the host, channels-last or bfloat16 on the device. It knows its format and its
/// logical dimensions; SyncedMemory only needs to turn it into plain row-major values.
class NativeCopy {
 public:
  virtual ~NativeCopy() = default;
  /// Whether ToPlain writes device memory (on the current stream) or host memory.
  virtual bool on_gpu() const = 0;
  /// Writes the plain row-major values to `plain`, as many bytes as the owner's size().
  virtual void ToPlain(void* plain) const = 0;
  /// Bytes that this copy occupies.
  virtual size_t bytes() const = 0;
};

/// Memory that lives on the host, on the GPU, or on both, and is copied when the side that
/// asks is stale. It is zero when first touched, unless it was discarded. Beside the two plain
/// copies the newest values may stand in a NativeCopy; it is converted once, when somebody asks for
/// plain values, and the conversion is counted.
///
/// A pointer stays good until the memory is resized or destroyed; what it points to is current
/// until the other side, or a native copy, is written.
class SyncedMemory {
 public:
  SyncedMemory() : SyncedMemory(0) {}
  explicit SyncedMemory(size_t size) : size_(size) {}
  ~SyncedMemory();

  const void* cpu_data();
  /// Uses `data` (size() bytes, owned by the caller) as the host copy from now on.
  void set_cpu_data(void* data);
  const void* gpu_data();
  void set_gpu_data(void* data);
  void* mutable_cpu_data();
  void* mutable_gpu_data();

  enum SyncedHead { UNINITIALIZED, HEAD_AT_CPU, HEAD_AT_GPU, SYNCED, HEAD_AT_NATIVE };
  SyncedHead head() const;
  size_t size() const { return size_; }

  /// The native copy if its values are current, else null.
  const std::shared_ptr<NativeCopy>& native() const { return native_; }
  /// Makes `copy` the newest values; plain copies become stale.
  void set_native(std::shared_ptr<NativeCopy> copy);
  /// Keeps `copy`, which holds the same values as now, beside the plain ones.
  void attach_native(std::shared_ptr<NativeCopy> copy) { native_ = std::move(copy); }
  /// Gives the plain host copy back where a native copy holds the same values, which then are the
  /// newest. Pointers to it end.
  void DropPlain();
  /// Gives the host memory back, plain and native; the values are undefined until somebody writes
  /// new ones. Does nothing where a caller owns the memory, or the values are on a GPU as well.
  void Discard();
  /// Native copies turned into plain values so far, in this process.
  static uint64_t conversions();

#ifndef CPU_ONLY
  void async_gpu_push(const cudaStream_t& stream);
#endif

 private:
  void EnsureCpu();
  void EnsureGpu();
  void AllocateCpu();
  void AllocateGpu();
  void FreeCpu();
  void FreeGpu();

  void* cpu_ptr_ = nullptr;
  void* gpu_ptr_ = nullptr;
  std::shared_ptr<NativeCopy> native_;
  size_t size_;
  bool cpu_current_ = false;
  bool gpu_current_ = false;
  bool own_cpu_data_ = false;
  bool own_gpu_data_ = false;
  bool cpu_malloc_use_cuda_ = false;
  bool discarded_ = false;
  int device_ = -1;

  DISABLE_COPY_AND_ASSIGN(SyncedMemory);
};

}  // namespace caffe

#endif  // CAFFE_SYNCEDMEM_HPP_
