#include "caffe/device/memory.hpp"

#include "caffe/device/no_cuda/gpu_launch.hpp"

namespace caffe {

int CurrentGpu() { ThrowNoGpu(); }
GpuMemorySize GpuMemory() { ThrowNoGpu(); }
void* GpuAllocate(size_t) { ThrowNoGpu(); }
void GpuFree(void*, int) noexcept {}
void CopyHostToGpu(const void*, void*, size_t) { ThrowNoGpu(); }
void CopyGpuToHost(const void*, void*, size_t) { ThrowNoGpu(); }
void CopyAnywhere(const void*, void*, size_t) { ThrowNoGpu(); }
void GpuMemset(void*, int, size_t) { ThrowNoGpu(); }
bool HostAllocatePinned(void**, size_t) noexcept { return false; }
void HostFreePinned(void*) noexcept {}

}  // namespace caffe
