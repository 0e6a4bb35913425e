#include "caffe/native/thread_scratch.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <new>

namespace caffe {
namespace {

/// Winograd's passes walk 36 planes at once; on pages of this size that costs few translations.
constexpr size_t kHugePage = size_t(1) << 21;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

struct Buffer {
  std::unique_ptr<void, Free> memory;
  size_t bytes = 0;
};

}  // namespace

void* ThreadScratch(size_t bytes) {
  static thread_local Buffer buffer;
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  if (buffer.bytes < bytes) {
    buffer = {};
    void* memory = std::aligned_alloc(kHugePage, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, bytes, MADV_HUGEPAGE);
    buffer = {std::unique_ptr<void, Free>(memory), bytes};
  }
  return buffer.memory.get();
}

}  // namespace caffe
