// The CUDA runtime's calls about memory and copies.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/graph.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/settings.hpp"

using namespace emulated_gpu;

namespace {

constexpr size_t kPage = 4096;

/// Both ends of a copy, as the addresses tell.
struct Ends {
  bool to_device, from_device;
  bool page_locked;  // whatever is on the host
};

Ends EndsOf(const void* to, const void* from, size_t size) {
  const Machine& machine = Machine::Get();
  Ends ends{machine.arena.Contains(to), machine.arena.Contains(from), true};
  if (!ends.to_device) ends.page_locked &= machine.IsPinned(to, size);
  if (!ends.from_device) ends.page_locked &= machine.IsPinned(from, size);
  return ends;
}

bool Agrees(const Ends& ends, cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToDevice:
      return ends.to_device && !ends.from_device;
    case cudaMemcpyDeviceToHost:
      return !ends.to_device && ends.from_device;
    case cudaMemcpyDeviceToDevice:
      return ends.to_device && ends.from_device;
    case cudaMemcpyHostToHost:
      return !ends.to_device && !ends.from_device;
    default:
      return true;
  }
}

void CheckCopy(const void* to, const void* from, size_t size, const Ends& ends,
               cudaMemcpyKind kind) {
  if (!Agrees(ends, kind)) Fault("a copy's direction is not that of its addresses");
  if (ends.to_device) RequireDeviceMemory(to, size, "target of a copy");
  if (ends.from_device) RequireDeviceMemory(from, size, "source of a copy");
  const char *target = static_cast<const char*>(to), *source = static_cast<const char*>(from);
  if (ends.to_device && ends.from_device && target < source + size && source < target + size) {
    Fault("a copy's source and target overlap");
  }
}

/// Work for `stream` that copies. Memory that is not page-locked is read at once, and written
/// before this returns.
cudaError_t Copy(void* to, const void* from, size_t size, cudaMemcpyKind kind,
                 cudaStream_t stream) {
  Machine& machine = Machine::Get();
  const Lock lock(machine.mutex);
  if (ThisDevice().broken != cudaSuccess) return Fail(ThisDevice().broken);
  const int64_t fails = Setting("FAIL_COPY", -1);
  if (++machine.copies == fails) return ThisDevice().broken = Fail(cudaErrorIllegalAddress);
  if (size == 0) return cudaSuccess;
  const Ends ends = EndsOf(to, from, size);
  if (!ends.page_locked) {
    if (const cudaError_t status = CheckNotCapturing(StreamOf(stream))) return status;
  }
  CheckCopy(to, from, size, ends, kind);
  if (!ends.from_device && !ends.page_locked) {
    const char* const begin = static_cast<const char*>(from);
    const auto staged = std::make_shared<std::vector<char>>(begin, begin + size);
    Enqueue(stream, [to, staged] { std::memcpy(to, staged->data(), staged->size()); });
  } else {
    Enqueue(stream, [to, from, size] { std::memcpy(to, from, size); });
  }
  if (!ends.to_device && !ends.page_locked) StreamOf(stream)->RunAll();
  return cudaSuccess;
}

}  // namespace

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t size) {
  Machine& machine = Machine::Get();
  const Lock lock(machine.mutex);
  if (ThisDevice().broken != cudaSuccess) return Fail(ThisDevice().broken);
  if (const cudaError_t status = CheckNoCapture()) return status;
  const int64_t fails = Setting("FAIL_MALLOC", -1);
  if (++machine.mallocs == fails || ThisDevice().used + size > machine.memory()) {
    return Fail(cudaErrorMemoryAllocation);
  }
  *pointer = nullptr;
  if (size == 0) return cudaSuccess;
  char* const memory = machine.arena.Allocate(size, CurrentDevice());
  if (memory == nullptr) return Fail(cudaErrorMemoryAllocation);
  ThisDevice().used += size;
  *pointer = memory;
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  const Lock lock(Machine::Get().mutex);
  if (pointer == nullptr) return Fail(ThisDevice().broken);
  if (const cudaError_t status = CheckNoCapture()) return status;
  RunDevice();
  const DeviceAccess access;
  const auto freed = Machine::Get().arena.Free(pointer);
  if (!freed) {
    Fault("cudaFree of %p, where no allocation begins", pointer);
    return Fail(cudaErrorInvalidValue);
  }
  if (freed->device != CurrentDevice()) {
    Fault("cudaFree of memory of GPU %d while GPU %d is current", freed->device, CurrentDevice());
  }
  Machine::Get().devices.at(freed->device).used -= freed->bytes;
  return Fail(ThisDevice().broken);
}

cudaError_t cudaHostAlloc(void** pointer, size_t size, unsigned int) {
  Machine& machine = Machine::Get();
  const Lock lock(machine.mutex);
  static const bool allowed = Setting("PINNED", 1) != 0;
  if (machine.devices.empty()) return Fail(cudaErrorNoDevice);
  if (const cudaError_t status = CheckNoCapture()) return status;
  if (!allowed) return Fail(cudaErrorMemoryAllocation);
  const size_t bytes = std::max<size_t>(size, 1);
  *pointer = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
  if (*pointer == nullptr) return Fail(cudaErrorMemoryAllocation);
  std::memset(*pointer, 0xff, bytes);
  machine.pinned[static_cast<char*>(*pointer)] = bytes;
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void** pointer, size_t size) { return cudaHostAlloc(pointer, size, 0); }

cudaError_t cudaFreeHost(void* pointer) {
  Machine& machine = Machine::Get();
  const Lock lock(machine.mutex);
  if (pointer == nullptr) return cudaSuccess;
  const auto found = machine.pinned.find(static_cast<char*>(pointer));
  if (found == machine.pinned.end()) {
    Fault("cudaFreeHost of %p, where no page-locked memory begins", pointer);
    return Fail(cudaErrorInvalidValue);
  }
  if (const cudaError_t status = CheckNoCapture()) return status;
  RunDevice();
  machine.pinned.erase(found);
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const Lock lock(Machine::Get().mutex);
  *total = Machine::Get().memory();
  *free = *total - ThisDevice().used;
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return Copy(to, from, size, kind, stream);
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind kind) {
  const Lock lock(Machine::Get().mutex);
  const cudaError_t status = Copy(to, from, size, kind, nullptr);
  if (status == cudaSuccess) ThisDevice().legacy->RunAll();
  return status;
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t size, cudaStream_t stream) {
  const Lock lock(Machine::Get().mutex);
  if (ThisDevice().broken != cudaSuccess) return Fail(ThisDevice().broken);
  RequireDeviceMemory(pointer, size, "cudaMemset");
  Enqueue(stream, [=] { std::memset(pointer, value, size); });
  return cudaSuccess;
}

cudaError_t cudaMemset(void* pointer, int value, size_t size) {
  return cudaMemsetAsync(pointer, value, size, nullptr);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  const Machine& machine = Machine::Get();
  const Lock lock(Machine::Get().mutex);
  *attributes = cudaPointerAttributes{};
  const Allocation* const found = machine.arena.Find(pointer);
  if (found != nullptr) {
    attributes->type = cudaMemoryTypeDevice;
    attributes->device = found->device;
    attributes->devicePointer = const_cast<void*>(pointer);
  } else {
    attributes->type =
        machine.IsPinned(pointer, 1) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    attributes->hostPointer = const_cast<void*>(pointer);
  }
  return cudaSuccess;
}

}  // extern "C"
