#include "caffe/device/host_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

namespace caffe {

namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kLargePage = size_t{2} << 20;

size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

void* HostAllocate(size_t bytes) {
  if (bytes < kLargePage) {
    return std::aligned_alloc(kCacheLine, RoundUp(std::max<size_t>(bytes, 1), kCacheLine));
  }
  void* const memory = std::aligned_alloc(kLargePage, RoundUp(bytes, kLargePage));
  if (memory != nullptr) madvise(memory, bytes, MADV_HUGEPAGE);  // an advice; it may be refused
  return memory;
}

}  // namespace caffe
