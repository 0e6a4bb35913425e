#include "tests/emulated_gpu/launch.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/settings.hpp"

namespace emulated_gpu {
namespace {

constexpr size_t kSharedWithoutAsking = 48 << 10, kSharedAtMost = 227 << 10;

size_t allowed_shared = kSharedWithoutAsking;

std::string Demangle(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

/// The address ranges of this process, read again when an address is not among them.
class HostMemory {
 public:
  bool Has(uintptr_t address) {
    if (!Known(address)) Read();
    return Known(address);
  }

 private:
  bool Known(uintptr_t address) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [address](const auto& range) {
      return address >= range.first && address < range.second;
    });
  }

  void Read() {
    ranges_.clear();
    std::FILE* const file = std::fopen("/proc/self/maps", "r");
    if (file == nullptr) return;
    char line[4400], rights[8];
    unsigned long begin = 0, end = 0;
    while (std::fgets(line, sizeof(line), file) != nullptr) {
      if (std::sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3 && rights[0] == 'r') {
        ranges_.emplace_back(begin, end);
      }
    }
    std::fclose(file);
  }

  std::vector<std::pair<uintptr_t, uintptr_t>> ranges_;
};

/// Where Linux puts programs, libraries, stacks and the heap.
bool LooksLikeHostMemory(uintptr_t word) {
  const uintptr_t top = word >> 40;
  return top == 0x7f || top == 0x7e || top == 0x55 || top == 0x56;
}

void CheckWord(uintptr_t word, const std::type_info& kernel) {
  static HostMemory* const host_memory = new HostMemory;
  const Machine& machine = Machine::Get();
  const void* const address = reinterpret_cast<const void*>(word);
  if (machine.arena.Contains(address)) {
    const Allocation* const found = machine.arena.Find(address);
    if (found != nullptr && found->device == CurrentDevice()) return;
    char place[200];
    machine.arena.Describe(address, place, sizeof(place));
    Fault("an argument of %s points to %s", Demangle(kernel).c_str(), place);
  } else if (LooksLikeHostMemory(word) && !machine.IsPinned(address, 1) && host_memory->Has(word)) {
    Fault("an argument of %s points to memory of the host at %p", Demangle(kernel).c_str(),
          address);
  }
}

}  // namespace

void CheckArgument(const void* bytes, size_t size, const std::type_info& kernel) {
  const Lock lock(Machine::Get().mutex);
  for (size_t i = 0; i + sizeof(uintptr_t) <= size; i += sizeof(uintptr_t)) {
    uintptr_t word;
    std::memcpy(&word, static_cast<const char*>(bytes) + i, sizeof(word));
    CheckWord(word, kernel);
  }
}

void AllowSharedMemory(int bytes) {
  allowed_shared = std::max<size_t>(kSharedWithoutAsking, bytes);
}

void EnqueueKernel(const LaunchShape& shape, const std::type_info& kernel,
                   std::function<void()> call) {
  Machine& machine = Machine::Get();
  const Lock lock(machine.mutex);
  if (ThisDevice().broken != cudaSuccess) {
    Fail(ThisDevice().broken);
    return;
  }
  const uint64_t threads = uint64_t(shape.block.x) * shape.block.y * shape.block.z;
  const bool fits = shape.grid.x > 0 && shape.grid.x <= INT32_MAX && shape.grid.y > 0 &&
                    shape.grid.y <= 65535 && shape.grid.z > 0 && shape.grid.z <= 65535 &&
                    threads > 0 && threads <= 1024 && shape.block.z <= 64;
  if (!fits) {
    Fail(cudaErrorInvalidConfiguration);
    return;
  }
  if (shape.shared > std::min(allowed_shared, kSharedAtMost)) {
    Fail(cudaErrorInvalidValue);
    return;
  }
  const int64_t fails = Setting("FAIL_LAUNCH", -1);
  if (++machine.launches == fails) {
    ThisDevice().broken = Fail(cudaErrorIllegalAddress);
    return;
  }
  const std::type_info* const type = &kernel;
  Enqueue(shape.stream, [shape, type, call = std::move(call)] {
    RunKernel(Grid{type->name(), shape.grid, shape.block, shape.shared}, call);
  });
}

}  // namespace emulated_gpu
