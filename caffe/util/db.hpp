#ifndef CAFFE_UTIL_DB_HPP_
#define CAFFE_UTIL_DB_HPP_

#include <string>

#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {
namespace db {

/// READ an existing database, WRITE more records into one, or make a NEW one.
enum Mode { READ, WRITE, NEW };

/// A place in a database. Records are visited in the byte order of their keys.
class Cursor {
 public:
  Cursor() {}
  virtual ~Cursor() {}
  virtual void SeekToFirst() = 0;
  virtual void Next() = 0;
  virtual string key() = 0;
  virtual string value() = 0;
  /// False behind the last record.
  virtual bool valid() = 0;
  /// Moves to the record with exactly this key; valid() is false if there is none. Unless a
  /// database knows better, this visits record after record.
  virtual void Seek(const string& key);

  DISABLE_COPY_AND_ASSIGN(Cursor);
};

/// Records to be written together.
class Transaction {
 public:
  Transaction() {}
  virtual ~Transaction() {}
  virtual void Put(const string& key, const string& value) = 0;
  /// The same, for databases that can keep the value's memory until Commit.
  virtual void Put(const string& key, string&& value) {
    Put(key, static_cast<const string&>(value));
  }
  virtual void Commit() = 0;

  DISABLE_COPY_AND_ASSIGN(Transaction);
};

/// A database of key -> value records. Cursors must be destroyed before it is closed.
class DB {
 public:
  DB() {}
  virtual ~DB() {}
  virtual void Open(const string& source, Mode mode) = 0;
  virtual void Close() = 0;
  /// The caller owns the cursor (the transaction). A new cursor stands at the first record.
  virtual Cursor* NewCursor() = 0;
  virtual Transaction* NewTransaction() = 0;
  /// Number of records. Unless a database knows better, this visits all of them.
  virtual uint64_t size();

  DISABLE_COPY_AND_ASSIGN(DB);
};

/// A database of this kind, not open yet; the caller owns it. LevelDB is not built in: asking
/// for it throws Error.
DB* GetDB(DataParameter::DB backend);
/// By name: "lmdb".
DB* GetDB(const string& backend);

/// The kind of the database that a data layer reads. A net that does not say gets Caffe's
/// default, LevelDB, unless its source is an LMDB.
DataParameter::DB BackendOf(const DataParameter& param);

}  // namespace db
}  // namespace caffe

#endif  // CAFFE_UTIL_DB_HPP_
