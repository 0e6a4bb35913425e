#ifndef CAFFE_UTIL_DB_LMDB_HPP_
#define CAFFE_UTIL_DB_LMDB_HPP_

#include <lmdb.h>

#include <string>
#include <vector>

#include "caffe/util/db.hpp"

namespace caffe {
namespace db {

/// Throws Error with LMDB's own words unless the status is MDB_SUCCESS.
void MDB_CHECK(int mdb_status);

/// Reads within one snapshot of the database: records written later are not seen. May be used
/// by any one thread at a time.
class LMDBCursor : public Cursor {
 public:
  /// Takes over both.
  /// @param source     the database's path, for error messages
  /// @param file_size  of data.mdb: a record outside of it throws Error; 0: records are trusted
  explicit LMDBCursor(MDB_txn* mdb_txn, MDB_cursor* mdb_cursor, const string& source = "LMDB",
                      uint64_t file_size = 0)
      : mdb_txn_(mdb_txn),
        mdb_cursor_(mdb_cursor),
        source_(source),
        file_size_(file_size),
        valid_(false) {
    SeekToFirst();
  }
  virtual ~LMDBCursor() {
    mdb_cursor_close(mdb_cursor_);
    mdb_txn_abort(mdb_txn_);
  }
  virtual void SeekToFirst() { Move(MDB_FIRST); }
  virtual void Next() { Move(MDB_NEXT); }
  virtual void Seek(const string& key);
  virtual string key() {
    return string(static_cast<const char*>(mdb_key_.mv_data), mdb_key_.mv_size);
  }
  virtual string value() {
    return string(static_cast<const char*>(mdb_value_.mv_data), mdb_value_.mv_size);
  }
  virtual bool valid() { return valid_; }

 private:
  void Move(MDB_cursor_op op);
  void CheckSize() const;
  void CheckPlace();

  MDB_txn* mdb_txn_;
  MDB_cursor* mdb_cursor_;
  string source_;
  uint64_t file_size_;
  const char* file_begin_ = nullptr;  // where the file lies in memory
  MDB_val mdb_key_, mdb_value_;
  bool valid_;
};

/// Collects records and writes them at Commit, all or none.
class LMDBTransaction : public Transaction {
 public:
  explicit LMDBTransaction(MDB_env* mdb_env, const string& source = "LMDB")
      : mdb_env_(mdb_env), source_(source) {}
  /// A key given twice keeps the later value. An empty key, or one above 511 bytes, is refused
  /// by LMDB at Commit.
  virtual void Put(const string& key, const string& value) { Put(key, string(value)); }
  virtual void Put(const string& key, string&& value);
  /// Grows the memory map, by doubling it, as often as the records need. Throws Error.
  virtual void Commit();

 private:
  int TryCommit();
  void DoubleMapSize();

  MDB_env* mdb_env_;
  string source_;
  vector<string> keys, values;

  DISABLE_COPY_AND_ASSIGN(LMDBTransaction);
};

/// An LMDB environment with the unnamed database, as every Caffe writes it. All failures throw
/// Error with the path, LMDB's own words, and what to do.
class LMDB : public DB {
 public:
  LMDB() : mdb_env_(NULL), mdb_dbi_(0) {}
  virtual ~LMDB() { Close(); }
  /// NEW makes the directory and refuses an existing one. READ also works where the lock file
  /// cannot be written, and refuses a damaged database; see CheckLmdbTree.
  virtual void Open(const string& source, Mode mode);
  virtual void Close();
  virtual LMDBCursor* NewCursor();
  virtual LMDBTransaction* NewTransaction();
  virtual uint64_t size();

 private:
  void CheckFileSize();

  MDB_env* mdb_env_;
  MDB_dbi mdb_dbi_;
  string source_;
  uint64_t file_size_ = 0;
};

}  // namespace db
}  // namespace caffe

#endif  // CAFFE_UTIL_DB_LMDB_HPP_
