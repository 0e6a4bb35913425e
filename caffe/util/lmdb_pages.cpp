#include "caffe/util/lmdb_pages.hpp"

#include <unistd.h>

#include <bit>
#include <cstring>

#include "caffe/error.hpp"

namespace caffe {
namespace db {

namespace {

// Places in a page: the number (8), padding (2), flags (2), then the bounds of the free space (2 +
// 2).
constexpr size_t kFlagsAt = 10, kLowerAt = 12, kUpperAt = 14, kPageHead = 16;
constexpr uint16_t kBranch = 0x01, kLeaf = 0x02, kMeta = 0x08;
// Places in a head, which follows the page's own: magic number, version, an address, the map's
// size, two trees, the last page, the transaction.
constexpr uint32_t kMagic = 0xBEEFC0DE, kVersion = 1;
constexpr size_t kTreesAt = 24, kTreeBytes = 48, kLastPageAt = kTreesAt + 2 * kTreeBytes,
                 kHeadBytes = kLastPageAt + 16;
// A node: size or child (4), flags or upper part of the child (2), size of the key (2), key, value.
constexpr size_t kNodeHead = 8;
constexpr uint16_t kBigValue = 0x01, kSubTree = 0x02;
constexpr uint32_t kSmallestPage = 256, kLargestPage = 65536;

template <typename T>
T Number(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

/// The bytes that are there, up to `count`.
std::string ReadAt(int file, uint64_t begin, size_t count) {
  std::string bytes(count, '\0');
  size_t done = 0;
  while (done < count) {
    const ssize_t got =
        pread(file, bytes.data() + done, count - done, static_cast<off_t>(begin + done));
    if (got < 0) throw Error("reading failed: ", std::strerror(errno));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

LmdbTree TreeAt(std::string_view bytes, size_t at) {
  return {.page_size = Number<uint32_t>(bytes, at),
          .flags = Number<uint16_t>(bytes, at + 4),
          .depth = Number<uint16_t>(bytes, at + 6),
          .branch_pages = Number<uint64_t>(bytes, at + 8),
          .leaf_pages = Number<uint64_t>(bytes, at + 16),
          .overflow_pages = Number<uint64_t>(bytes, at + 24),
          .entries = Number<uint64_t>(bytes, at + 32),
          .root = Number<uint64_t>(bytes, at + 40)};
}

LmdbHead HeadAt(int file, uint64_t begin) {
  const std::string page = ReadAt(file, begin, kPageHead + kHeadBytes);
  Require(page.size() == kPageHead + kHeadBytes, "the file ends within its head");
  const std::string_view head = std::string_view(page).substr(kPageHead);
  Require((Number<uint16_t>(page, kFlagsAt) & kMeta) != 0 && Number<uint32_t>(head, 0) == kMagic,
          "it is not an LMDB file");
  Require(Number<uint32_t>(head, 4) == kVersion, "it was written by version ",
          Number<uint32_t>(head, 4), " of LMDB's format; expected ", kVersion);
  return {.free_pages = TreeAt(head, kTreesAt),
          .records = TreeAt(head, kTreesAt + kTreeBytes),
          .last_page = Number<uint64_t>(head, kLastPageAt),
          .transaction = Number<uint64_t>(head, kLastPageAt + 8)};
}

}  // namespace

LmdbHead ReadLmdbHead(int file) {
  const LmdbHead first = HeadAt(file, 0);
  const uint32_t page_size = first.free_pages.page_size;
  Require(page_size >= kSmallestPage && page_size <= kLargestPage && std::has_single_bit(page_size),
          "its pages have ", page_size, " bytes, which cannot be");
  const LmdbHead second = HeadAt(file, page_size);
  Require(second.free_pages.page_size == page_size, "its two heads differ in the size of a page");
  const bool takes_second = second.transaction > first.transaction;
  const LmdbHead& head = takes_second ? second : first;
  // liblmdb finds the head by the transaction's parity.
  Require(head.transaction % 2 == takes_second, "its heads are out of step");
  return head;
}

LmdbPage::LmdbPage(int file, uint64_t number, uint32_t page_size)
    : bytes_(ReadAt(file, number * page_size, page_size)) {
  Require(bytes_.size() == page_size, "the file ends within page ", number);
  const uint16_t flags = Number<uint16_t>(bytes_, kFlagsAt);
  Require(flags == kBranch || flags == kLeaf, "page ", number, " is not a page of keys");
  Require(Number<uint64_t>(bytes_, 0) == number, "page ", number, " bears the number ",
          Number<uint64_t>(bytes_, 0));
  is_leaf_ = flags == kLeaf;
  const size_t lower = Number<uint16_t>(bytes_, kLowerAt),
               upper = Number<uint16_t>(bytes_, kUpperAt);
  Require(lower >= kPageHead && lower % 2 == 0 && lower <= upper && upper <= page_size,
          "the bounds of page ", number, " are wrong");
  try {
    for (size_t at = kPageHead; at < lower; at += 2) {
      const size_t offset = Number<uint16_t>(bytes_, at);
      Require(offset >= upper, "a record lies in its free space");
      nodes_.push_back(Node(offset));
    }
  } catch (Error& error) {
    error.add_context("page " + std::to_string(number));
    throw;
  }
}

LmdbNode LmdbPage::Node(size_t offset) const {
  const std::string_view page = bytes_;
  Require(offset + kNodeHead <= page.size(), "a record begins outside of it");
  const uint32_t low = Number<uint32_t>(page, offset);
  const uint16_t flags = Number<uint16_t>(page, offset + 4);
  const size_t key_bytes = Number<uint16_t>(page, offset + 6);
  const size_t value_at = offset + kNodeHead + key_bytes;
  Require(value_at <= page.size(), "a key ends outside of it");
  LmdbNode node{.key = page.substr(offset + kNodeHead, key_bytes)};
  if (!is_leaf_) {
    node.child = low | uint64_t{flags} << 32;
    return node;
  }
  // Several values of one key are another kind of tree, which nobody asks for here.
  Require((flags & ~(kBigValue | kSubTree)) == 0, "a record has flags that are unknown");
  node.value_bytes = low;
  node.has_value_pages = (flags & kBigValue) != 0;
  const size_t bytes_here = node.has_value_pages ? sizeof(uint64_t) : low;
  Require(bytes_here <= page.size() - value_at, "a value ends outside of it");
  if (node.has_value_pages) {
    node.child = Number<uint64_t>(page, value_at);
  } else {
    node.value = page.substr(value_at, low);
  }
  return node;
}

}  // namespace db
}  // namespace caffe
