#include "caffe/device/memory.hpp"

#include "caffe/device/cuda/cuda_check.hpp"
#include "caffe/device/gpu_counter.hpp"

namespace caffe {
namespace {

bool IsOnDevice(const void* pointer) {
  cudaPointerAttributes attributes;
  CAFFE_CUDA_CHECK(cudaPointerGetAttributes(&attributes, pointer));
  return attributes.type == cudaMemoryTypeDevice;
}

using Kind = GpuCounts::Transfers GpuCounts::OfStream::*;
constexpr Kind kToGpu = &GpuCounts::OfStream::to_gpu, kToHost = &GpuCounts::OfStream::to_host,
               kOnGpu = &GpuCounts::OfStream::on_gpu;

void CopyAndWait(const void* from, void* to, size_t size, cudaMemcpyKind kind) {
  if (size == 0) return;
  const cudaStream_t stream = cuda::CurrentStream();
  CountGpuTransfer(kind == cudaMemcpyDeviceToHost ? kToHost : kToGpu, size, stream);
  CAFFE_CUDA_CHECK(cudaMemcpyAsync(to, from, size, kind, stream));
  CountGpuWait("for a copy");
  CAFFE_CUDA_CHECK(cudaStreamSynchronize(stream));
}

}  // namespace

int CurrentGpu() {
  int device = 0;
  CAFFE_CUDA_CHECK(cudaGetDevice(&device));
  return device;
}

GpuMemorySize GpuMemory() {
  GpuMemorySize size{};
  CAFFE_CUDA_CHECK(cudaMemGetInfo(&size.free, &size.total));
  return size;
}

void* GpuAllocate(size_t size) {
  CountGpuAllocation(size);
  void* pointer = nullptr;
  const cudaError_t status = cudaMalloc(&pointer, size);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // or the next launch check would report it
    const auto [free, total] = GpuMemory();
    throw Error("GPU ", CurrentGpu(), " has no room for ", size, " more bytes: ", free, " of ",
                total, " are free. Use a smaller batch or another GPU.");
  }
  CAFFE_CUDA_CHECK(status);
  return pointer;
}

void GpuFree(void* pointer, int device) noexcept {
  if (pointer == nullptr) return;
  int previous = 0;
  if (cudaGetDevice(&previous) == cudaSuccess && cudaSetDevice(device) == cudaSuccess) {
    cudaFree(pointer);
    cudaSetDevice(previous);
  }
  cudaGetLastError();
}

void CopyHostToGpu(const void* host, void* gpu, size_t size) {
  CopyAndWait(host, gpu, size, cudaMemcpyHostToDevice);
}

void CopyGpuToHost(const void* gpu, void* host, size_t size) {
  CopyAndWait(gpu, host, size, cudaMemcpyDeviceToHost);
}

void CopyAnywhere(const void* from, void* to, size_t size) {
  if (size == 0) return;
  const bool from_gpu = IsOnDevice(from);
  if (from_gpu && IsOnDevice(to)) {
    const cudaStream_t stream = cuda::CurrentStream();
    CountGpuTransfer(kOnGpu, size, stream);
    CAFFE_CUDA_CHECK(cudaMemcpyAsync(to, from, size, cudaMemcpyDeviceToDevice, stream));
  } else {
    CopyAndWait(from, to, size, from_gpu ? cudaMemcpyDeviceToHost : cudaMemcpyDefault);
  }
}

void GpuMemset(void* gpu, int value, size_t size) {
  if (size == 0) return;
  const cudaStream_t stream = cuda::CurrentStream();
  CountGpuTransfer(&GpuCounts::OfStream::fills, size, stream);
  CAFFE_CUDA_CHECK(cudaMemsetAsync(gpu, value, size, stream));
}

bool HostAllocatePinned(void** pointer, size_t size) noexcept {
  void* memory = nullptr;
  if (cudaMallocHost(&memory, size) != cudaSuccess) {
    cudaGetLastError();
    return false;
  }
  *pointer = memory;
  return true;
}

void HostFreePinned(void* pointer) noexcept {
  cudaFreeHost(pointer);
  cudaGetLastError();
}

}  // namespace caffe
