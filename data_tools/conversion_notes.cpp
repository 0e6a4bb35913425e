#include "data_tools/conversion_notes.hpp"

#include "caffe/util/atomic_file.hpp"
#include "caffe/util/db_lmdb.hpp"

namespace caffe {

namespace fs = std::filesystem;
using data_tools::ConversionProgress;

namespace {

using Entries = google::protobuf::RepeatedPtrField<ConversionProgress::Remark>;

void Copy(const std::vector<ImageRemark>& remarks, Entries* entries) {
  for (const ImageRemark& remark : remarks) {
    ConversionProgress::Remark* entry = entries->Add();
    entry->set_path(remark.path);
    entry->set_text(remark.text);
  }
}

/// The first `count` of them.
std::vector<ImageRemark> First(const Entries& entries, uint32_t count) {
  std::vector<ImageRemark> remarks;
  for (int i = 0; i < entries.size() && remarks.size() < count; ++i) {
    remarks.push_back({entries[i].path(), entries[i].text()});
  }
  return remarks;
}

}  // namespace

ConversionNotes::ConversionNotes(AtomicOutput* output, const std::string& database)
    : output_(output), path_(output->note_path(database + ".progress")) {
  const fs::path place = output->path(database);
  if (fs::exists(place / "data.mdb") && fs::exists(path_)) {
    db::LMDB lmdb;
    lmdb.Open(place.string(), db::READ);
    if (Load(lmdb.size())) return;
  }
  fs::remove_all(place);
  fs::remove(path_);
}

bool ConversionNotes::Load(uint64_t records) {
  ConversionProgress progress;
  if (!progress.ParseFromString(ReadWholeFile(path_.string()))) return false;
  for (const ConversionProgress::Point& point : progress.points()) {
    if (point.database().records() != records) continue;
    next_ = point.next();
    state_ = point.database();
    remarks_ = {First(progress.problems(), point.problems()),
                First(progress.repairs(), point.repairs())};
    last_ = point;
    return true;
  }
  return false;
}

void ConversionNotes::Save(uint64_t next, const data_tools::DatabaseState& state,
                           const ImageRemarks& remarks, bool worth_keeping) {
  ConversionProgress progress;
  ConversionProgress::Point* point = progress.add_points();
  point->set_next(next);
  *point->mutable_database() = state;
  point->set_problems(static_cast<uint32_t>(remarks.problems.size()));
  point->set_repairs(static_cast<uint32_t>(remarks.repairs.size()));
  const ConversionProgress::Point newest = *point;
  *progress.add_points() = last_;
  Copy(remarks.problems, progress.mutable_problems());
  Copy(remarks.repairs, progress.mutable_repairs());
  WriteFileAtomically(path_.string(), progress.SerializeAsString());
  last_ = newest;
  if (worth_keeping) output_->Keep();
}

}  // namespace caffe
