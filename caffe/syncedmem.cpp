#include "caffe/syncedmem.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "caffe/device/host_memory.hpp"
#include "caffe/device/memory.hpp"

namespace caffe {

namespace {

std::atomic<uint64_t> native_conversions{0};

}  // namespace

void CaffeMallocHost(void** ptr, size_t size, bool* use_cuda) {
  *use_cuda = Caffe::mode() == Caffe::GPU && HostAllocatePinned(ptr, std::max<size_t>(size, 1));
  if (!*use_cuda) *ptr = HostAllocate(size);
  Require(*ptr != nullptr, "Out of memory: could not allocate ", size, " bytes on the host");
}

void CaffeFreeHost(void* ptr, bool use_cuda) {
  if (use_cuda) {
    HostFreePinned(ptr);
  } else {
    HostFree(ptr);
  }
}

SyncedMemory::~SyncedMemory() {
  FreeCpu();
  FreeGpu();
}

void SyncedMemory::FreeCpu() {
  if (cpu_ptr_ != nullptr && own_cpu_data_) CaffeFreeHost(cpu_ptr_, cpu_malloc_use_cuda_);
  cpu_ptr_ = nullptr;
}

void SyncedMemory::FreeGpu() {
  if (gpu_ptr_ != nullptr && own_gpu_data_) GpuFree(gpu_ptr_, device_);
  gpu_ptr_ = nullptr;
}

void SyncedMemory::AllocateCpu() {
  if (cpu_ptr_ != nullptr) return;
  CaffeMallocHost(&cpu_ptr_, size_, &cpu_malloc_use_cuda_);
  own_cpu_data_ = true;
}

void SyncedMemory::AllocateGpu() {
  if (gpu_ptr_ != nullptr) return;
  device_ = CurrentGpu();
  gpu_ptr_ = GpuAllocate(size_);
  own_gpu_data_ = true;
}

void SyncedMemory::EnsureCpu() {
  if (cpu_current_) return;
  if (native_ != nullptr && native_->on_gpu()) EnsureGpu();
  AllocateCpu();
  if (gpu_current_) {
    CopyGpuToHost(gpu_ptr_, cpu_ptr_, size_);
  } else if (native_ != nullptr) {
    native_->ToPlain(cpu_ptr_);
    ++native_conversions;
  } else if (!discarded_) {
    std::memset(cpu_ptr_, 0, size_);
  }
  cpu_current_ = true;
}

void SyncedMemory::EnsureGpu() {
  if (gpu_current_) return;
  if (native_ != nullptr && !native_->on_gpu()) EnsureCpu();
  AllocateGpu();
  if (cpu_current_) {
    CopyHostToGpu(cpu_ptr_, gpu_ptr_, size_);
  } else if (native_ != nullptr) {
    native_->ToPlain(gpu_ptr_);
    ++native_conversions;
  } else if (!discarded_) {
    GpuMemset(gpu_ptr_, 0, size_);
  }
  gpu_current_ = true;
}

const void* SyncedMemory::cpu_data() {
  EnsureCpu();
  return cpu_ptr_;
}

const void* SyncedMemory::gpu_data() {
  EnsureGpu();
  return gpu_ptr_;
}

void* SyncedMemory::mutable_cpu_data() {
  EnsureCpu();
  gpu_current_ = false;
  native_.reset();
  return cpu_ptr_;
}

void* SyncedMemory::mutable_gpu_data() {
  EnsureGpu();
  cpu_current_ = false;
  native_.reset();
  return gpu_ptr_;
}

void SyncedMemory::set_cpu_data(void* data) {
  FreeCpu();
  cpu_ptr_ = data;
  own_cpu_data_ = false;
  cpu_current_ = true;
  gpu_current_ = false;
  native_.reset();
}

void SyncedMemory::set_gpu_data(void* data) {
  FreeGpu();
  gpu_ptr_ = data;
  own_gpu_data_ = false;
  device_ = CurrentGpu();
  gpu_current_ = true;
  cpu_current_ = false;
  native_.reset();
}

void SyncedMemory::set_native(std::shared_ptr<NativeCopy> copy) {
  native_ = std::move(copy);
  cpu_current_ = false;
  gpu_current_ = false;
}

void SyncedMemory::DropPlain() {
  if (native_ == nullptr || native_->on_gpu() || gpu_ptr_ != nullptr || !own_cpu_data_) return;
  FreeCpu();
  cpu_current_ = false;
}

void SyncedMemory::Discard() {
  if ((cpu_ptr_ != nullptr && !own_cpu_data_) || gpu_ptr_ != nullptr) return;
  FreeCpu();
  native_.reset();
  cpu_current_ = false;
  discarded_ = true;
}

SyncedMemory::SyncedHead SyncedMemory::head() const {
  if (cpu_current_) return gpu_current_ ? SYNCED : HEAD_AT_CPU;
  if (gpu_current_) return HEAD_AT_GPU;
  return native_ != nullptr ? HEAD_AT_NATIVE : UNINITIALIZED;
}

uint64_t SyncedMemory::conversions() { return native_conversions; }

#ifndef CPU_ONLY
void SyncedMemory::async_gpu_push(const cudaStream_t& stream) {
  EnsureCpu();
  AllocateGpu();
  CUDA_CHECK(cudaMemcpyAsync(gpu_ptr_, cpu_ptr_, size_, cudaMemcpyHostToDevice, stream));
  gpu_current_ = true;
}
#endif

}  // namespace caffe
