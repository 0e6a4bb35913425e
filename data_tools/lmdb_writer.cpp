#include "data_tools/lmdb_writer.hpp"

#include "caffe/util/format.hpp"
#include "data_tools/tool_main.hpp"

namespace caffe {

namespace {

constexpr uint64_t kRecordsPerCommit = 1000;

}  // namespace

LmdbWriter::LmdbWriter(const std::filesystem::path& path, int digits) : digits_(digits) {
  db_.Open(path.string(), db::NEW);
  transaction_.reset(db_.NewTransaction());
}

void LmdbWriter::Add(const Datum& datum) {
  transaction_->Put(format_int(static_cast<int>(count_), digits_), datum.SerializeAsString());
  if (++count_ % kRecordsPerCommit == 0) {
    CheckInterrupted();
    transaction_->Commit();
  }
}

void LmdbWriter::Finish() {
  transaction_->Commit();
  transaction_.reset();
  db_.Close();
}

}  // namespace caffe
