#include "tests/emulated_gpu/arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/emulated_gpu/fault.hpp"

namespace emulated_gpu {
namespace {

constexpr size_t kRedZone = 256;
constexpr size_t kQuarantine = size_t(128) << 20;
/// Protection changes by whole large pages, so that the system does not have to split them.
constexpr size_t kPage = size_t(2) << 20;
constexpr unsigned char kFill = 0xff;

size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

bool Untouched(const char* begin, size_t bytes) {
  return std::all_of(begin, begin + bytes, [](char c) { return c == char(kFill); });
}

}  // namespace

Arena::Arena() {
  // An aligned range, in which case large pages can be used from its start.
  void* const memory =
      mmap(nullptr, kBytes + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("Emulated GPU: no room for device memory");
    std::abort();
  }
  base_ = reinterpret_cast<char*>(RoundUp(reinterpret_cast<uintptr_t>(memory), kPage));
  madvise(base_, kBytes, MADV_HUGEPAGE);  // an advice; it may be refused
}

char* Arena::TakeRoom(size_t* room) {
  const auto fit = free_.lower_bound(*room);
  if (fit != free_.end() && fit->first <= 2 * *room) {
    char* const begin = fit->second;
    *room = fit->first;
    free_.erase(fit);
    return begin;
  }
  if (used_ + *room > kBytes) return nullptr;
  char* const begin = base_ + used_;
  const size_t before = RoundUp(used_, kPage);
  used_ += *room;
  const size_t after = RoundUp(used_, kPage);
  if (depth_ > 0 && after > before) {
    mprotect(base_ + before, after - before, PROT_READ | PROT_WRITE);
  }
  return begin;
}

char* Arena::Allocate(size_t bytes, int device) {
  size_t room = RoundUp(bytes, kRedZone) + 2 * kRedZone;
  char* const begin = TakeRoom(&room);
  if (begin == nullptr) return nullptr;
  Open();
  std::memset(begin, kFill, room);
  Close();
  char* const memory = begin + kRedZone;
  live_[memory] = Allocation{memory, bytes, room, device};
  return memory;
}

std::optional<Allocation> Arena::Free(void* pointer) {
  const auto found = live_.find(static_cast<const char*>(pointer));
  if (found == live_.end()) return std::nullopt;
  const Allocation freed = found->second;
  live_.erase(found);
  CheckRedZones(freed, "found when it was freed");
  std::memset(freed.begin - kRedZone, kFill, freed.room);
  quarantine_.push_back(freed);
  quarantined_ += freed.room;
  LeaveQuarantine();
  return freed;
}

void Arena::LeaveQuarantine() {
  while (quarantined_ > kQuarantine) {
    const Allocation oldest = quarantine_.front();
    quarantine_.pop_front();
    quarantined_ -= oldest.room;
    if (!Untouched(oldest.begin - kRedZone, oldest.room)) {
      Fault("device memory of %zu bytes was written after it had been freed", oldest.bytes);
    }
    free_.emplace(oldest.room, oldest.begin - kRedZone);
  }
}

const Allocation* Arena::Find(const void* pointer) const {
  const char* const address = static_cast<const char*>(pointer);
  auto next = live_.upper_bound(address);
  if (next == live_.begin()) return nullptr;
  const Allocation& allocation = std::prev(next)->second;
  return address <= allocation.begin + allocation.bytes ? &allocation : nullptr;
}

void Arena::Open() {
  if (depth_++ == 0) mprotect(base_, RoundUp(used_, kPage), PROT_READ | PROT_WRITE);
}

void Arena::Close() {
  if (--depth_ == 0) mprotect(base_, RoundUp(used_, kPage), PROT_NONE);
}

void Arena::CheckRedZones(const Allocation& a, const char* when) const {
  const size_t behind = a.room - kRedZone - a.bytes;
  if (!Untouched(a.begin - kRedZone, kRedZone)) {
    Fault("somebody wrote before device memory of %zu bytes (%s)", a.bytes, when);
  }
  if (!Untouched(a.begin + a.bytes, behind)) {
    Fault("somebody wrote behind device memory of %zu bytes (%s)", a.bytes, when);
  }
}

void Arena::CheckAll() const {
  for (const auto& [begin, allocation] : live_) CheckRedZones(allocation, "still in use");
  for (const Allocation& freed : quarantine_) {
    if (!Untouched(freed.begin - kRedZone, freed.room)) {
      Fault("device memory of %zu bytes was written after it had been freed", freed.bytes);
    }
  }
}

void Arena::Describe(const void* pointer, char* text, size_t size) const {
  const char* const address = static_cast<const char*>(pointer);
  if (const Allocation* found = Find(pointer)) {
    std::snprintf(text, size, "byte %td of an allocation of %zu bytes on GPU %d",
                  address - found->begin, found->bytes, found->device);
    return;
  }
  for (const Allocation& freed : quarantine_) {
    if (address >= freed.begin && address < freed.begin + freed.bytes) {
      std::snprintf(text, size, "byte %td of %zu bytes that were freed on GPU %d",
                    address - freed.begin, freed.bytes, freed.device);
      return;
    }
  }
  std::snprintf(text, size, "%s",
                Contains(pointer) ? "device memory that is not allocated" : "not device memory");
}

}  // namespace emulated_gpu
