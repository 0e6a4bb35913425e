#include "caffe/util/db.hpp"

#include <filesystem>

#include "caffe/util/db_lmdb.hpp"

namespace caffe {
namespace db {

void Cursor::Seek(const string& wanted) {
  for (SeekToFirst(); valid() && key() != wanted; Next()) {
  }
}

uint64_t DB::size() {
  uint64_t count = 0;
  const std::unique_ptr<Cursor> cursor(NewCursor());
  for (; cursor->valid(); cursor->Next()) ++count;
  return count;
}

DB* GetDB(DataParameter::DB backend) {
  Require(backend == DataParameter_DB_LMDB,
          "Database backend LEVELDB: LevelDB is not built in. Make an LMDB of the data and set "
          "`backend: LMDB`: either run the program that wrote the database again with "
          "--backend=lmdb, or copy every key and value as they are into an LMDB, for instance "
          "with Python's modules plyvel and lmdb.");
  return new LMDB();
}

DB* GetDB(const string& backend) {
  if (backend == "leveldb") return GetDB(DataParameter_DB_LEVELDB);
  Require(backend == "lmdb", "Unknown database backend '", backend, "'. Use lmdb.");
  return GetDB(DataParameter_DB_LMDB);
}

DataParameter::DB BackendOf(const DataParameter& param) {
  std::error_code ignored;
  const bool is_lmdb =
      std::filesystem::exists(std::filesystem::path(param.source()) / "data.mdb", ignored);
  return !param.has_backend() && is_lmdb ? DataParameter_DB_LMDB : param.backend();
}

}  // namespace db
}  // namespace caffe
