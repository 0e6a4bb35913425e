#ifndef DATA_TOOLS_LMDB_WRITER_HPP_
#define DATA_TOOLS_LMDB_WRITER_HPP_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "caffe/util/db_lmdb.hpp"

namespace caffe {

/// Writes an LMDB.
class LmdbWriter {
 public:
  /// A new database, or one that was begun by another LmdbWriter: this one begins behind its
  /// records.
  explicit LmdbWriter(const std::filesystem::path& path);
  /// Records that were there already.
  uint64_t found() const { return found_; }
  /// Records that are on the disk now.
  uint64_t committed() const { return committed_; }
  /// From now on `function` is called each time that all records so far are going to be written to
  /// the disk, before it. Without it Add looks whether the user has interrupted.
  void BeforeCommit(std::function<void()> function) { before_commit_ = std::move(function); }

  void Add(const std::string& key, std::string value);
  /// Writes what is left. Must be called; nothing may be added after it.
  void Finish();

 private:
  void Commit();

  db::LMDB db_;
  std::unique_ptr<db::Transaction> transaction_;
  std::function<void()> before_commit_;
  uint64_t found_ = 0, committed_ = 0;
  // Not yet committed.
  uint64_t pending_records_ = 0;
  uint64_t pending_bytes_ = 0;
};

}  // namespace caffe

#endif  // DATA_TOOLS_LMDB_WRITER_HPP_
