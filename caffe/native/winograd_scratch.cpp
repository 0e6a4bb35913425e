#include "caffe/native/winograd_scratch.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <new>

namespace caffe::winograd {
namespace {

/// The passes walk 36 planes at once; on pages of this size that costs few translations.
constexpr size_t kHugePage = size_t(1) << 21;

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};

struct Buffer {
  std::unique_ptr<float, Free> memory;
  size_t bytes = 0;
};

}  // namespace

float* Scratch(int64_t floats) {
  static thread_local Buffer buffer;
  const size_t bytes = (size_t(floats) * sizeof(float) + kHugePage - 1) / kHugePage * kHugePage;
  if (buffer.bytes < bytes) {
    buffer = {};
    void* memory = std::aligned_alloc(kHugePage, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, bytes, MADV_HUGEPAGE);
    buffer = {std::unique_ptr<float, Free>(static_cast<float*>(memory)), bytes};
  }
  return buffer.memory.get();
}

}  // namespace caffe::winograd
