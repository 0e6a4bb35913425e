#ifndef TESTS_EMULATED_GPU_MACHINE_HPP_
#define TESTS_EMULATED_GPU_MACHINE_HPP_

#include <cuda_runtime.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "tests/emulated_gpu/arena.hpp"
#include "tests/emulated_gpu/stream.hpp"

namespace emulated_gpu {

struct Device {
  size_t used = 0;  // bytes that are allocated
  /// Streams by the address that is their handle, and those that were destroyed with work left.
  std::map<cudaStream_t, std::shared_ptr<Stream>> streams;
  std::vector<std::shared_ptr<Stream>> destroyed;
  std::shared_ptr<Stream> legacy;
  /// An error that nothing clears: every later call returns it.
  cudaError_t broken = cudaSuccess;
};

/// All that the emulated machine consists of; there is one per process. Everything below needs
/// its mutex.
class Machine {
 public:
  static Machine& Get();

  std::recursive_mutex mutex;
  Arena arena;
  std::vector<Device> devices;
  std::map<const char*, size_t> pinned;  // page-locked memory: beginning, bytes
  std::set<cudaEvent_t> events;
  int64_t mallocs = 0, launches = 0, copies = 0;

  size_t memory() const { return memory_; }
  /// In [0, n).
  uint64_t Random(uint64_t n);
  bool IsPinned(const void* begin, size_t bytes) const;

 private:
  Machine();
  size_t memory_;
  uint64_t random_;
};

using Lock = std::lock_guard<std::recursive_mutex>;

/// While it lives, this thread holds the machine and device memory can be touched.
class DeviceAccess {
 public:
  DeviceAccess() : lock_(Machine::Get().mutex) { Machine::Get().arena.Open(); }
  ~DeviceAccess() { Machine::Get().arena.Close(); }
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;

 private:
  Lock lock_;
};

/// The calling thread's current device.
int CurrentDevice();
void SetCurrentDevice(int device);
Device& ThisDevice();

/// Keeps an error as the thread's last one, and returns it.
cudaError_t Fail(cudaError_t error);
/// The thread's last error; `clear` forgets it unless the device is broken.
cudaError_t LastError(bool clear);

/// Faults unless [begin, begin + bytes) lies within one allocation on the current device.
/// @param what  names the operand in the message
void RequireDeviceMemory(const void* begin, size_t bytes, const char* what);

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_MACHINE_HPP_
