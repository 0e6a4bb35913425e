#include "caffe/util/db_lmdb.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "caffe/util/lmdb_check.hpp"

namespace caffe {
namespace db {

namespace {

/// What the reader of an error message can do about it.
const char* Advice(int status) {
  switch (status) {
    case ENOENT:
      return "Check the path; it must be a directory that holds data.mdb.";
    case EACCES:
    case EPERM:
    case EROFS:
      return "Check the permissions of the directory and of data.mdb in it.";
    case ENOSPC:
      return "Free some space on the disk.";
    case EIO:  // also what LMDB says where only a part of a page fitted on the disk
      return "The disk is full or damaged.";
    case EFBIG:
      return "data.mdb would pass the largest size of a file: check the limit `ulimit -f`.";
    case ENOMEM:
      return "The memory map did not fit: check the limit `ulimit -v`.";
    case MDB_INVALID:
      return "data.mdb is not an LMDB file. Make the database again.";
    case MDB_VERSION_MISMATCH:
      return "It was written by an incompatible version of LMDB.";
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
      return "The database is damaged. Make it again.";
    case MDB_READERS_FULL:
      return "Too many programs read it. Stop some of them.";
    case MDB_BAD_VALSIZE:
      return "A key must have 1 to 511 bytes.";
    default:
      return "";
  }
}

void Check(int status, const string& source, const char* what) {
  if (status == MDB_SUCCESS) return;
  const string advice = Advice(status);
  throw Error("LMDB ", source, ": ", what, " failed: ", mdb_strerror(status), ".",
              advice.empty() ? "" : " ", advice);
}

/// Where the piece of memory that holds `place` begins; null if there is none, or no /proc.
const char* BeginOfMapping(const void* place) {
  std::ifstream maps("/proc/self/maps");
  const auto wanted = reinterpret_cast<uintptr_t>(place);
  for (string line; std::getline(maps, line);) {
    uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::istringstream(line) >> std::hex >> begin >> dash >> end;
    if (begin <= wanted && wanted < end) return reinterpret_cast<const char*>(begin);
  }
  return nullptr;
}

/// What LMDB calls where it finds its own pages inconsistent; returning would end the program.
void OnDamage(MDB_env* env, const char* what) {
  const auto* source = static_cast<const string*>(mdb_env_get_userctx(env));
  throw Error("LMDB ", *source, ": the database is damaged (", what, "). Make it again.");
}

/// Whether opening failed only because the lock file cannot be written.
bool NeedsNoLock(int status) { return status == EACCES || status == EROFS || status == EPERM; }

}  // namespace

void MDB_CHECK(int mdb_status) { Check(mdb_status, "", "an operation"); }

// Touching a page that is gone from the mapped file would kill the program.
void LMDBCursor::CheckSize() const {
  mdb_filehandle_t file;
  struct stat now;
  if (mdb_env_get_fd(mdb_txn_env(mdb_txn_), &file) != MDB_SUCCESS || fstat(file, &now) != 0) return;
  Require(static_cast<uint64_t>(now.st_size) >= file_size_, "LMDB ", source_,
          ": data.mdb was cut off while it was read: it has ", now.st_size, " bytes and had ",
          file_size_, ". Copy it again, or make the database again.");
}

void LMDBCursor::Move(MDB_cursor_op op) {
  if (file_size_ > 0) CheckSize();
  const int status = mdb_cursor_get(mdb_cursor_, &mdb_key_, &mdb_value_, op);
  valid_ = status == MDB_SUCCESS;
  if (status != MDB_NOTFOUND) Check(status, source_, "reading a record");
  if (valid_ && file_size_ > 0) CheckPlace();
}

// LMDB trusts the sizes that it finds in the file: reading behind the end would kill the program.
void LMDBCursor::CheckPlace() {
  if (file_begin_ == nullptr) file_begin_ = BeginOfMapping(mdb_key_.mv_data);
  if (file_begin_ == nullptr) return;
  const auto is_inside = [this](const MDB_val& value) {
    const auto begin = reinterpret_cast<uintptr_t>(file_begin_);
    const auto place = reinterpret_cast<uintptr_t>(value.mv_data);
    return place >= begin && value.mv_size <= file_size_ &&
           place - begin <= file_size_ - value.mv_size;
  };
  valid_ = is_inside(mdb_key_) && is_inside(mdb_value_);
  Require(valid_, "LMDB ", source_,
          ": the database is damaged: a record lies outside of the file. Make it again.");
}

void LMDBCursor::Seek(const string& key) {
  mdb_key_.mv_size = key.size();
  mdb_key_.mv_data = const_cast<char*>(key.data());
  Move(MDB_SET_KEY);
}

void LMDBTransaction::Put(const string& key, string&& value) {
  keys.push_back(key);
  values.push_back(std::move(value));
}

void LMDBTransaction::Commit() {
  int status = TryCommit();
  while (status == MDB_MAP_FULL) {
    DoubleMapSize();
    status = TryCommit();
  }
  Check(status, source_, "writing records");
  keys.clear();
  values.clear();
}

int LMDBTransaction::TryCommit() {
  MDB_txn* txn = NULL;
  int status = mdb_txn_begin(mdb_env_, NULL, 0, &txn);
  if (status != MDB_SUCCESS) return status;
  MDB_dbi dbi;
  status = mdb_dbi_open(txn, NULL, 0, &dbi);
  for (size_t i = 0; i < keys.size() && status == MDB_SUCCESS; ++i) {
    MDB_val key{keys[i].size(), keys[i].data()};
    MDB_val value{values[i].size(), values[i].data()};
    status = mdb_put(txn, dbi, &key, &value, 0);
  }
  if (status == MDB_SUCCESS) return mdb_txn_commit(txn);
  mdb_txn_abort(txn);
  return status;
}

void LMDBTransaction::DoubleMapSize() {
  MDB_envinfo info;
  Check(mdb_env_info(mdb_env_, &info), source_, "reading the map size");
  Check(mdb_env_set_mapsize(mdb_env_, info.me_mapsize * 2), source_, "growing the memory map");
}

void LMDB::Open(const string& source, Mode mode) {
  Close();
  source_ = source;
  file_size_ = 0;
  if (mode == NEW && mkdir(source.c_str(), 0777) != 0) {
    const int reason = errno;
    Require(reason != EEXIST, "LMDB ", source,
            ": it exists already. Remove it first, or choose another name.");
    throw Error("LMDB ", source, ": the directory could not be made: ", std::strerror(reason), ".");
  }
  if (mode != NEW) CheckLmdbTree(source, mode == WRITE);
  const unsigned int flags = mode == READ ? MDB_RDONLY | MDB_NOTLS : 0;
  Check(mdb_env_create(&mdb_env_), source, "creating an environment");
  int status = mdb_env_open(mdb_env_, source.c_str(), flags, 0664);
  if (mode == READ && NeedsNoLock(status)) {
    Close();
    Check(mdb_env_create(&mdb_env_), source, "creating an environment");
    status = mdb_env_open(mdb_env_, source.c_str(), flags | MDB_NOLOCK, 0664);
  }
  try {
    Check(status, source, "opening");
    mdb_env_set_userctx(mdb_env_, &source_);
    mdb_env_set_assert(mdb_env_, OnDamage);
    if (mode == READ) CheckFileSize();
  } catch (...) {
    Close();
    throw;
  }
  LOG_IF(INFO, Caffe::root_solver()) << "Opened lmdb " << source;
}

// LMDB maps the file and trusts it: touching a page behind the end would kill the program.
void LMDB::CheckFileSize() {
  MDB_envinfo info;
  MDB_stat stat;
  Check(mdb_env_info(mdb_env_, &info), source_, "reading its size");
  Check(mdb_env_stat(mdb_env_, &stat), source_, "reading its size");
  const string file = source_ + "/data.mdb";
  std::error_code error;
  const uint64_t found = std::filesystem::file_size(file, error);
  const uint64_t wanted = (uint64_t(info.me_last_pgno) + 1) * stat.ms_psize;
  file_size_ = error ? 0 : found;
  // The two pages with the heads are always there; an empty database may lack the rest.
  Require(error || stat.ms_entries == 0 || found >= wanted, "LMDB ", source_,
          ": data.mdb is cut off: it has ", found, " bytes and needs ", wanted,
          ". Copy it again, or make the database again.");
}

void LMDB::Close() {
  if (mdb_env_ == NULL) return;
  mdb_env_close(mdb_env_);
  mdb_env_ = NULL;
}

uint64_t LMDB::size() {
  MDB_stat stat;
  Check(mdb_env_stat(mdb_env_, &stat), source_, "counting the records");
  return stat.ms_entries;
}

LMDBCursor* LMDB::NewCursor() {
  Require(mdb_env_ != NULL, "A cursor was asked of an LMDB that is not open.");
  MDB_txn* txn = NULL;
  MDB_cursor* cursor = NULL;
  Check(mdb_txn_begin(mdb_env_, NULL, MDB_RDONLY, &txn), source_, "starting to read");
  int status = mdb_dbi_open(txn, NULL, 0, &mdb_dbi_);
  if (status == MDB_SUCCESS) status = mdb_cursor_open(txn, mdb_dbi_, &cursor);
  if (status != MDB_SUCCESS) mdb_txn_abort(txn);
  Check(status, source_, "starting to read");
  return new LMDBCursor(txn, cursor, source_, file_size_);
}

LMDBTransaction* LMDB::NewTransaction() {
  Require(mdb_env_ != NULL, "A transaction was asked of an LMDB that is not open.");
  return new LMDBTransaction(mdb_env_, source_);
}

}  // namespace db
}  // namespace caffe
