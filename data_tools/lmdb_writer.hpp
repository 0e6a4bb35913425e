#ifndef DATA_TOOLS_LMDB_WRITER_HPP_
#define DATA_TOOLS_LMDB_WRITER_HPP_

#include <cstdint>
#include <filesystem>
#include <memory>

#include "caffe/proto/caffe.pb.h"
#include "caffe/util/db_lmdb.hpp"

namespace caffe {

/// Writes a new LMDB of datums whose keys are their numbers: 00000, 00001, ...
class LmdbWriter {
 public:
  /// @param digits  of a key; smaller numbers get zeros in front
  LmdbWriter(const std::filesystem::path& path, int digits);
  void Add(const Datum& datum);
  /// Writes what is left. Must be called; nothing may be added after it.
  void Finish();
  uint64_t size() const { return count_; }

 private:
  db::LMDB db_;
  std::unique_ptr<db::Transaction> transaction_;
  int digits_;
  uint64_t count_ = 0;
};

}  // namespace caffe

#endif  // DATA_TOOLS_LMDB_WRITER_HPP_
