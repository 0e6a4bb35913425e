#include "caffe/util/lmdb_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/lmdb_pages.hpp"

namespace caffe {
namespace db {

namespace {

/// As deep as liblmdb's cursors can go.
constexpr int kMaxDepth = 32;
/// Of the tree of records: none. Of that of free pages: its keys are numbers.
/// That of free pages also says whether the database is a file without a directory.
constexpr uint16_t kNoFlags = 0, kNumberKeys = 0x08, kNoDirectory = 0x4000;
constexpr uint64_t kHeadPages = 2;
constexpr uint64_t kPageHead = 16;
/// How often a file that a program writes at this moment is looked at once more.
constexpr int kMostTries = 5;

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (file_ >= 0) close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return file_; }

 private:
  int file_;
};

/// Keys that a page may hold: from `low` on, below `high`.
struct KeyRange {
  std::optional<std::string> low, high;
};

class TreeCheck {
 public:
  /// @param head  of a file that has all pages that it tells of
  TreeCheck(int file, const LmdbHead& head)
      : file_(file),
        page_size_(head.free_pages.page_size),
        pages_(head.last_page + 1),
        used_(head.last_page + 1) {
    for (uint64_t page = 0; page < kHeadPages; ++page) used_[page] = true;
  }

  void Records(const LmdbTree& tree) {
    Require(tree.flags == kNoFlags,
            "it is not a plain database of one value for each key, as Caffe's are");
    Walk(tree, false);
  }

  void FreePages(const LmdbTree& tree) {
    Require((tree.flags & ~kNoDirectory) == kNumberKeys,
            "its list of free pages has unknown flags");
    Walk(tree, true);
  }

 private:
  void Walk(const LmdbTree& tree, bool free_list) {
    found_ = {};
    free_list_ = free_list;
    if (tree.root == kNoPage) {
      Require(tree.entries == 0, "it should have ", tree.entries, " records and has no root");
      return;
    }
    Require(tree.depth >= 1 && tree.depth <= kMaxDepth, "its tree has a depth of ", tree.depth);
    Visit(tree.root, tree.depth, KeyRange());
    Require(found_.entries == tree.entries, "its head tells of ", tree.entries,
            " records, the tree holds ", found_.entries);
    Require(found_.branch_pages == tree.branch_pages && found_.leaf_pages == tree.leaf_pages &&
                found_.overflow_pages == tree.overflow_pages,
            "its head tells of ", tree.branch_pages, " + ", tree.leaf_pages, " + ",
            tree.overflow_pages, " pages, the tree has ", found_.branch_pages, " + ",
            found_.leaf_pages, " + ", found_.overflow_pages);
  }

  /// Notes that `count` pages are in use.
  void Use(uint64_t first, uint64_t count) {
    Require(first < pages_ && count <= pages_ - first, "page ", first,
            " lies outside of the database");
    for (uint64_t page = first; page < first + count; ++page) {
      Require(!used_[page], "page ", page, " is used twice");
      used_[page] = true;
    }
  }

  /// @param depth  pages down to the leaves, this one included
  void Visit(uint64_t number, int depth, const KeyRange& range) {
    Use(number, 1);
    const LmdbPage page(file_, number, page_size_);
    Require(page.is_leaf() == (depth == 1), "page ", number, " is ",
            page.is_leaf() ? "a leaf above the leaves" : "no leaf where leaves should be");
    Require(page.size() >= (page.is_leaf() ? 1 : 2), "page ", number, " is empty");
    CheckKeys(page, number, range);
    if (page.is_leaf()) {
      ++found_.leaf_pages;
      found_.entries += page.size();
      for (int i = 0; i < page.size(); ++i) CheckValue(page[i]);
      return;
    }
    ++found_.branch_pages;
    for (int i = 0; i < page.size(); ++i) {
      KeyRange below = range;
      if (i > 0) below.low = std::string(page[i].key);
      if (i + 1 < page.size()) below.high = std::string(page[i + 1].key);
      Visit(page[i].child, depth - 1, below);
    }
  }

  /// On a branch the first key stands for all that is smaller, and is not looked at.
  void CheckKeys(const LmdbPage& page, uint64_t number, const KeyRange& range) {
    for (int i = page.is_leaf() ? 0 : 1; i < page.size(); ++i) {
      const std::string_view key = page[i].key;
      if (free_list_) {
        Require(key.size() == sizeof(uint64_t), "page ", number, " has a key of ", key.size(),
                " bytes in the list of free pages");
        continue;
      }
      const bool has_smaller = page.is_leaf() ? i > 0 : i > 1;
      Require(!key.empty() && (!has_smaller || page[i - 1].key < key) &&
                  (!range.low || *range.low <= key) && (!range.high || key < *range.high),
              "the keys of page ", number, " are out of order");
    }
  }

  void CheckValue(const LmdbNode& node) {
    std::string_view value = node.value;
    std::string bytes;
    if (node.has_value_pages) {
      const uint64_t count = (kPageHead + node.value_bytes + page_size_ - 1) / page_size_;
      Use(node.child, count);
      found_.overflow_pages += count;
      if (!free_list_) return;
      bytes.resize(node.value_bytes);
      const ssize_t got = pread(file_, bytes.data(), bytes.size(),
                                static_cast<off_t>(node.child * page_size_ + kPageHead));
      Require(got == static_cast<ssize_t>(bytes.size()), "its list of free pages cannot be read");
      value = bytes;
    }
    if (free_list_) CheckFreePages(value);
  }

  /// A count, and as many page numbers.
  void CheckFreePages(std::string_view value) {
    uint64_t count = 0;
    Require(value.size() >= sizeof(count), "its list of free pages is cut off");
    std::memcpy(&count, value.data(), sizeof(count));
    Require(count <= value.size() / sizeof(uint64_t) - 1, "its list of free pages is cut off");
    for (uint64_t i = 1; i <= count; ++i) {
      uint64_t page = 0;
      std::memcpy(&page, value.data() + i * sizeof(page), sizeof(page));
      Require(page < pages_ && !used_[page], "page ", page, " is free and in use");
      used_[page] = true;
    }
  }

  const int file_;
  const uint32_t page_size_;
  const uint64_t pages_;
  std::vector<bool> used_;
  bool free_list_ = false;
  /// What the walk has come across.
  LmdbTree found_{};
};

void CheckOnce(int file, const LmdbHead& head, bool for_writing) {
  struct stat status;
  Require(fstat(file, &status) == 0, "its size cannot be told: ", std::strerror(errno));
  const uint64_t pages = static_cast<uint64_t>(status.st_size) / head.free_pages.page_size;
  Require(head.last_page >= kHeadPages - 1, "its head names ", head.last_page, " as the last page");
  Require(head.last_page < pages, "data.mdb is cut off: it has ", pages, " pages and its last is ",
          head.last_page);
  TreeCheck check(file, head);
  check.Records(head.records);
  if (for_writing) check.FreePages(head.free_pages);
}

}  // namespace

void CheckLmdbTree(const std::string& source, bool for_writing) {
  struct stat status;
  if (stat(source.c_str(), &status) != 0) return;
  const OpenFile file(S_ISDIR(status.st_mode) ? source + "/data.mdb" : source);
  if (file.get() < 0 || fstat(file.get(), &status) != 0 || status.st_size == 0) return;
  try {
    for (int attempt = 1;; ++attempt) {
      const LmdbHead head = ReadLmdbHead(file.get());
      try {
        return CheckOnce(file.get(), head, for_writing);
      } catch (const Error&) {
        // A program that adds records at this moment uses pages anew that this walk has yet to
        // read.
        const bool changed = ReadLmdbHead(file.get()).transaction != head.transaction;
        if (!changed || attempt == kMostTries) throw;
      }
    }
  } catch (const Error& error) {
    throw Error("LMDB ", source, ": the database is damaged: ", error.what(),
                ". Copy it again from where it came from, or make it again.");
  }
}

}  // namespace db
}  // namespace caffe
