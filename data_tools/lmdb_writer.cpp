#include "data_tools/lmdb_writer.hpp"

#include "caffe/util/format.hpp"
#include "data_tools/tool_main.hpp"

namespace caffe {

namespace {

// A transaction's records wait in memory.
constexpr uint64_t kRecordsPerCommit = 1000;
constexpr uint64_t kBytesPerCommit = 64 << 20;

}  // namespace

LmdbWriter::LmdbWriter(const std::filesystem::path& path, int digits) : digits_(digits) {
  db_.Open(path.string(), db::NEW);
  transaction_.reset(db_.NewTransaction());
}

void LmdbWriter::Add(const Datum& datum) {
  Add(format_int(static_cast<int>(count_), digits_), datum);
}

void LmdbWriter::Add(const std::string& key, const Datum& datum) {
  const std::string value = datum.SerializeAsString();
  transaction_->Put(key, value);
  ++count_;
  ++pending_records_;
  pending_bytes_ += value.size();
  if (pending_records_ < kRecordsPerCommit && pending_bytes_ < kBytesPerCommit) return;
  CheckInterrupted();
  transaction_->Commit();
  pending_records_ = pending_bytes_ = 0;
}

void LmdbWriter::Finish() {
  transaction_->Commit();
  transaction_.reset();
  db_.Close();
}

}  // namespace caffe
