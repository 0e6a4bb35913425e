#ifndef DATA_TOOLS_LMDB_WRITER_HPP_
#define DATA_TOOLS_LMDB_WRITER_HPP_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "caffe/proto/caffe.pb.h"
#include "caffe/util/db_lmdb.hpp"

namespace caffe {

/// Writes a new LMDB of datums.
class LmdbWriter {
 public:
  /// @param digits  of the numbers that Add gives as keys; smaller ones get zeros in front
  LmdbWriter(const std::filesystem::path& path, int digits);
  /// Adds a record whose key is its number: 00000, 00001, ...
  void Add(const Datum& datum);
  void Add(const std::string& key, const Datum& datum);
  /// Writes what is left. Must be called; nothing may be added after it.
  void Finish();
  uint64_t size() const { return count_; }

 private:
  db::LMDB db_;
  std::unique_ptr<db::Transaction> transaction_;
  int digits_;
  uint64_t count_ = 0;
  // Not yet committed.
  uint64_t pending_records_ = 0;
  uint64_t pending_bytes_ = 0;
};

}  // namespace caffe

#endif  // DATA_TOOLS_LMDB_WRITER_HPP_
