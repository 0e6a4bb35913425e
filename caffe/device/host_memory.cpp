#include "caffe/device/host_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace caffe {

namespace {

constexpr size_t kCacheLine = 64, kPage = 4096, kLargePage = size_t{2} << 20;
/// What is smaller is left to the C library.
constexpr size_t kLarge = size_t{256} << 10;
/// Address space that the pool asks for at once. It costs nothing until it is touched.
constexpr size_t kReserve = size_t{1} << 30;

std::atomic<bool> poisoned{false};

size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// Best fit, with free neighbours joined.
class Pool {
 public:
  void* Take(size_t bytes) {
    bytes = RoundUp(bytes, kPage);
    const std::lock_guard<std::mutex> lock(mutex_);
    auto fit = by_size_.lower_bound({bytes, nullptr});
    if (fit == by_size_.end()) {
      if (!Grow(bytes)) return nullptr;
      fit = by_size_.lower_bound({bytes, nullptr});
    }
    const auto [size, begin] = *fit;
    Remove(begin, size);
    if (size > bytes) Insert(begin + bytes, size - bytes);
    used_.emplace(begin, bytes);
    return begin;
  }

  /// @return false if the memory is not the pool's
  bool Give(void* memory) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = used_.find(static_cast<char*>(memory));
    if (found == used_.end()) return false;
    char* begin = found->first;
    size_t size = found->second;
    used_.erase(found);
    const auto next = free_.lower_bound(begin);
    if (next != free_.begin()) {
      const auto [before, before_size] = *std::prev(next);
      if (before + before_size == begin) {
        Remove(before, before_size);
        begin = before;
        size += before_size;
      }
    }
    if (const auto behind = free_.find(begin + size); behind != free_.end()) {
      const size_t behind_size = behind->second;
      Remove(begin + size, behind_size);
      size += behind_size;
    }
    Insert(begin, size);
    return true;
  }

 private:
  bool Grow(size_t bytes) {
    for (const size_t size : {std::max(kReserve, RoundUp(bytes, kLargePage)), bytes}) {
      void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (memory == MAP_FAILED) continue;
      madvise(memory, size, MADV_HUGEPAGE);  // an advice; it may be refused
      Insert(static_cast<char*>(memory), size);
      return true;
    }
    return false;
  }

  void Insert(char* begin, size_t size) {
    free_.emplace(begin, size);
    by_size_.emplace(size, begin);
  }
  void Remove(char* begin, size_t size) {
    free_.erase(begin);
    by_size_.erase({size, begin});
  }

  std::mutex mutex_;
  std::map<char*, size_t> free_;
  std::set<std::pair<size_t, char*>> by_size_;
  std::unordered_map<char*, size_t> used_;
};

/// Never destroyed: blobs of static storage may outlive any static object.
struct Pools {
  Pool values, gradients;
};
Pools& ThePools() {
  static Pools* const pools = new Pools;
  return *pools;
}

thread_local bool in_backward_pass = false;

}  // namespace

void* HostAllocate(size_t bytes) {
  void* const memory =
      bytes >= kLarge
          ? (in_backward_pass ? ThePools().gradients : ThePools().values).Take(bytes)
          : std::aligned_alloc(kCacheLine, RoundUp(std::max<size_t>(bytes, 1), kCacheLine));
  // All bits set are a NaN in single and in double precision.
  if (poisoned && memory != nullptr) std::memset(memory, 0xff, bytes);
  return memory;
}

void HostFree(void* memory) {
  if (memory == nullptr || ThePools().values.Give(memory) || ThePools().gradients.Give(memory)) {
    return;
  }
  std::free(memory);
}

BackwardPassScope::BackwardPassScope() : outer_(in_backward_pass) { in_backward_pass = true; }
BackwardPassScope::~BackwardPassScope() { in_backward_pass = outer_; }

void SetHostMemoryPoison(bool poison) { poisoned = poison; }

}  // namespace caffe
