#include "data_tools/lmdb_writer.hpp"

#include <utility>

#include "data_tools/tool_main.hpp"

namespace caffe {

namespace {

// A transaction's records wait in memory, and at the end everybody waits for the last one.
constexpr uint64_t kRecordsPerCommit = 1000;
constexpr uint64_t kBytesPerCommit = 16 << 20;

}  // namespace

LmdbWriter::LmdbWriter(const std::filesystem::path& path) {
  // A kill can leave the folder without the file.
  const bool begun = std::filesystem::exists(path / "data.mdb");
  if (begun) {
    db_.Open(path.string(), db::READ);  // which finds out whether the file is whole
    found_ = committed_ = db_.size();
  } else {
    std::filesystem::remove_all(path);
  }
  db_.Open(path.string(), begun ? db::WRITE : db::NEW);
  transaction_.reset(db_.NewTransaction());
}

void LmdbWriter::Add(const std::string& key, std::string value) {
  ++pending_records_;
  pending_bytes_ += value.size();
  transaction_->Put(key, std::move(value));
  if (pending_records_ < kRecordsPerCommit && pending_bytes_ < kBytesPerCommit) return;
  if (before_commit_) {
    before_commit_();
  } else {
    CheckInterrupted();
  }
  Commit();
}

void LmdbWriter::Commit() {
  transaction_->Commit();
  committed_ += pending_records_;
  pending_records_ = pending_bytes_ = 0;
}

void LmdbWriter::Finish() {
  if (before_commit_) before_commit_();
  Commit();
  transaction_.reset();
  db_.Close();
}

}  // namespace caffe
