#include "tests/emulated_gpu/machine.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/settings.hpp"

namespace emulated_gpu {
namespace {

thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;

struct sigaction previous_action;

/// Says what device memory host code has touched, then lets the process end as it would have.
void OnSegmentationFault(int signal, siginfo_t* info, void*) {
  const Arena& arena = Machine::Get().arena;
  char place[200], line[300];
  if (arena.Contains(info->si_addr)) {
    arena.Describe(info->si_addr, place, sizeof(place));
    const int length = std::snprintf(line, sizeof(line),
                                     "Emulated GPU: host code touched device memory at %p, %s\n",
                                     info->si_addr, place);
    [[maybe_unused]] const ssize_t written = write(2, line, length);
    PrintCalls();
  }
  sigaction(signal, &previous_action, nullptr);
  raise(signal);
}

void CatchSegmentationFaults() {
  struct sigaction action = {};
  action.sa_sigaction = OnSegmentationFault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &previous_action);
}

}  // namespace

Machine& Machine::Get() {
  // Never destroyed: blobs of static storage may outlive any static object.
  static Machine* const machine = new Machine;
  return *machine;
}

Machine::Machine()
    : memory_(Setting("MEMORY", int64_t(8) << 30)),
      random_(0x9e3779b97f4a7c15u * (2 * Setting("SEED", 1) + 1)) {
  devices.resize(Setting("COUNT", 1));
  for (size_t i = 0; i < devices.size(); ++i) {
    devices[i].legacy = std::make_shared<Stream>(static_cast<int>(i), true);
  }
  CatchSegmentationFaults();
  std::atexit([] {
    DeviceAccess access;
    Get().arena.CheckAll();
  });
}

uint64_t Machine::Random(uint64_t n) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_ % n;
}

bool Machine::IsPinned(const void* begin, size_t bytes) const {
  const char* const address = static_cast<const char*>(begin);
  const auto next = pinned.upper_bound(address);
  if (next == pinned.begin()) return false;
  const auto& [block, size] = *std::prev(next);
  return address + bytes <= block + size;
}

int CurrentDevice() { return current_device; }
void SetCurrentDevice(int device) { current_device = device; }
Device& ThisDevice() { return Machine::Get().devices.at(current_device); }

cudaError_t Fail(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

cudaError_t LastError(bool clear) {
  Machine& machine = Machine::Get();
  const Lock lock(machine.mutex);
  if (!machine.devices.empty() && ThisDevice().broken != cudaSuccess) return ThisDevice().broken;
  const cudaError_t error = last_error;
  if (clear) last_error = cudaSuccess;
  return error;
}

void RequireDeviceMemory(const void* begin, size_t bytes, const char* what) {
  if (bytes == 0) return;
  const Machine& machine = Machine::Get();
  const Allocation* const found = machine.arena.Find(begin);
  const bool inside =
      found != nullptr && static_cast<const char*>(begin) + bytes <= found->begin + found->bytes;
  if (inside && found->device == CurrentDevice()) return;
  char place[200];
  machine.arena.Describe(begin, place, sizeof(place));
  Fault("%s: %zu bytes at %p (%s) are not within device memory of GPU %d", what, bytes, begin,
        place, CurrentDevice());
}

}  // namespace emulated_gpu
