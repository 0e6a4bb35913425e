#ifndef CAFFE_UTIL_LMDB_PAGES_HPP_
#define CAFFE_UTIL_LMDB_PAGES_HPP_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caffe {
namespace db {

/// What LMDB 0.9 writes, as structures that are read out of bytes with their bounds checked. All
/// numbers are little-endian; page numbers have 64 bits. Functions throw Error, without the name of
/// the database, where the bytes cannot be what they should be.

/// Page numbers of an empty tree's root.
constexpr uint64_t kNoPage = ~uint64_t{0};

/// One B+ tree, as the head describes it.
struct LmdbTree {
  uint32_t page_size;  // of the first tree: that of the file
  uint16_t flags;
  uint16_t depth;
  uint64_t branch_pages, leaf_pages, overflow_pages;
  uint64_t entries;
  uint64_t root;
};

/// One of the two heads; the one with the higher transaction counts.
struct LmdbHead {
  LmdbTree free_pages;
  LmdbTree records;
  uint64_t last_page;
  uint64_t transaction;
};

/// Reads the heads from the first bytes of the file. Throws Error if it is not an LMDB file.
LmdbHead ReadLmdbHead(int file);

/// A record, or a child, on a page of keys.
struct LmdbNode {
  std::string_view key = {};
  uint64_t child = 0;            // on a branch page
  std::string_view value = {};   // on a leaf page, if the value is there
  bool has_value_pages = false;  // else it begins on page `child`
  uint32_t value_bytes = 0;
};

/// A page of keys: a branch or a leaf.
class LmdbPage {
 public:
  /// Reads page `number`. Throws Error unless it is a branch or a leaf that says so.
  LmdbPage(int file, uint64_t number, uint32_t page_size);

  bool is_leaf() const { return is_leaf_; }
  int size() const { return static_cast<int>(nodes_.size()); }
  const LmdbNode& operator[](int i) const { return nodes_[i]; }

 private:
  LmdbNode Node(size_t offset) const;

  std::string bytes_;
  bool is_leaf_ = false;
  std::vector<LmdbNode> nodes_;
};

}  // namespace db
}  // namespace caffe

#endif  // CAFFE_UTIL_LMDB_PAGES_HPP_
