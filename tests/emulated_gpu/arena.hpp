#ifndef TESTS_EMULATED_GPU_ARENA_HPP_
#define TESTS_EMULATED_GPU_ARENA_HPP_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace emulated_gpu {

struct Allocation {
  char* begin = nullptr;
  size_t bytes = 0;
  size_t room = 0;  // with the red zones
  int device = 0;
};

/// The memory of all devices: one range of addresses that nobody can touch while it is closed.
/// Memory that was never written, or was freed, is filled with 0xff: a NaN in every floating-point
/// type. What was freed is kept for a while before it is used again. Not thread-safe.
class Arena {
 public:
  Arena();

  /// Null when the range of addresses is used up.
  char* Allocate(size_t bytes, int device);
  /// Null for what is not the beginning of an allocation. The arena has to be open.
  std::optional<Allocation> Free(void* pointer);

  bool Contains(const void* pointer) const { return pointer >= base_ && pointer < base_ + kBytes; }
  /// The live allocation that holds `pointer`, or ends there.
  const Allocation* Find(const void* pointer) const;
  size_t count() const { return live_.size(); }

  void Open();
  void Close();
  /// Faults where somebody wrote beside a live allocation. The arena has to be open.
  void CheckAll() const;

  /// What the arena knows of an address, for a message. Safe in a signal handler as far as it
  /// only reads.
  void Describe(const void* pointer, char* text, size_t size) const;

 private:
  static constexpr size_t kBytes = size_t(64) << 30;

  char* TakeRoom(size_t* room);
  void CheckRedZones(const Allocation& allocation, const char* when) const;
  void LeaveQuarantine();

  char* base_;
  size_t used_ = 0;  // no address above was ever handed out
  int depth_ = 0;
  std::map<const char*, Allocation> live_;
  std::multimap<size_t, char*> free_;
  std::deque<Allocation> quarantine_;
  size_t quarantined_ = 0;
};

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_ARENA_HPP_
