#ifndef CAFFE_DEVICE_MEMORY_HPP_
#define CAFFE_DEVICE_MEMORY_HPP_

#include <cstddef>

namespace caffe {

/// Device memory behind plain functions, so that nothing above needs to know of CUDA. Work is
/// ordered on the current stream (cuda::CurrentStream). All of them throw Error where CUDA
/// fails, and in a build without CUDA.

/// The calling thread's current device.
int CurrentGpu();

/// Memory of the current device, in bytes.
struct GpuMemorySize {
  size_t free;
  size_t total;
};
GpuMemorySize GpuMemory();

/// Bytes on the current device; their content is undefined.
void* GpuAllocate(size_t size);
/// Gives memory back to `device`, after everything that was started there has finished. Null
/// is allowed. Never throws: a context that is going down at exit has freed it already.
void GpuFree(void* pointer, int device) noexcept;

/// Copies host memory to the device. Host memory may be reused as soon as this returns.
void CopyHostToGpu(const void* host, void* gpu, size_t size);
/// Copies device memory to the host and waits until it has arrived.
void CopyGpuToHost(const void* gpu, void* host, size_t size);
/// Copies between any two places, host or device, that CUDA can tell apart by address; waits if
/// either is on the host.
void CopyAnywhere(const void* from, void* to, size_t size);
/// Sets every byte to `value`. Returns before it is done.
void GpuMemset(void* gpu, int value, size_t size);

/// Page-locked host memory. Returns false, and leaves *pointer alone, where there is none: no
/// device, no such memory left, or a build without CUDA.
bool HostAllocatePinned(void** pointer, size_t size) noexcept;
void HostFreePinned(void* pointer) noexcept;

}  // namespace caffe

#endif  // CAFFE_DEVICE_MEMORY_HPP_
