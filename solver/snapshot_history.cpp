#include "solver/snapshot_history.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "caffe/common.hpp"
#include "solver/snapshot_files.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

bool IsEarlier(const SnapshotRecord& a, const SnapshotRecord& b) { return a.iter() < b.iter(); }

/// Whether the state file is one of this prefix: "<prefix>_iter_<k>.solverstate".
bool HasPrefix(const std::string& state_file, const std::string& prefix) {
  std::error_code ignored;
  const fs::path file(state_file), begin(prefix + "_iter_");
  const fs::path here = file.parent_path().empty() ? "." : file.parent_path();
  const fs::path there = begin.parent_path().empty() ? "." : begin.parent_path();
  return file.filename().string().starts_with(begin.filename().string()) &&
         fs::equivalent(here, there, ignored);
}

}  // namespace

void SnapshotHistory::Init(const std::string& prefix, const KeepRule& rule) {
  prefix_ = prefix;
  rule_ = rule;
  records_.clear();
  recovered_to_ = -1;
  foreign_state_.clear();
}

void SnapshotHistory::Written(const SnapshotRecord& record) {
  const auto place = std::lower_bound(records_.begin(), records_.end(), record, IsEarlier);
  if (place != records_.end() && place->iter() == record.iter())
    *place = record;
  else
    records_.insert(place, record);
  // The state that the run resumed from, written anew.
  if (record.iter() == recovered_to_) --recovered_to_;
}

void SnapshotHistory::Tested(int iter, double value) {
  for (SnapshotRecord& record : records_) {
    if (record.iter() == iter) record.set_test_value(value);
  }
}

void SnapshotHistory::Resumed(const SolverState& state, const std::string& state_file) {
  records_.clear();
  foreign_state_.clear();
  recovered_to_ = state.iter();
  if (!HasPrefix(state_file, prefix_)) {
    foreign_state_ = state_file;
    return;
  }
  records_.assign(state.earlier_snapshot().begin(), state.earlier_snapshot().end());
  SnapshotRecord last;
  last.set_iter(state.iter());
  last.set_model_crc32(state.learned_net_crc32());
  last.set_is_hdf5(state_file.ends_with(".h5"));
  records_.push_back(last);
  std::sort(records_.begin(), records_.end(), IsEarlier);
  std::error_code ignored;
  std::erase_if(records_, [&](const SnapshotRecord& record) {
    return !fs::exists(StateFile(record), ignored);
  });
}

void SnapshotHistory::RemoveOld() {
  if (rule_.newest <= 0) return;
  const size_t num_old = records_.size() - std::min<size_t>(records_.size(), rule_.newest);
  const SnapshotRecord* best = nullptr;
  const double sign = rule_.best_is_smallest ? -1 : 1;
  for (const SnapshotRecord& record : records_) {
    if (!rule_.best || !record.has_test_value() || std::isnan(record.test_value())) continue;
    if (best == nullptr || sign * record.test_value() > sign * best->test_value()) best = &record;
  }
  std::vector<SnapshotRecord> kept;
  for (size_t i = 0; i < records_.size(); ++i) {
    if (i >= num_old || &records_[i] == best)
      kept.push_back(records_[i]);
    else
      Remove(records_[i]);
  }
  records_ = kept;
}

std::vector<std::string> SnapshotHistory::StateFiles() const {
  std::vector<std::string> files;
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    files.push_back(StateFile(*record));
  }
  if (!foreign_state_.empty()) files.push_back(foreign_state_);
  return files;
}

std::string SnapshotHistory::StateFile(const SnapshotRecord& record) const {
  return prefix_ + "_iter_" + std::to_string(record.iter()) + ".solverstate" +
         (record.is_hdf5() ? ".h5" : "");
}

std::string SnapshotHistory::ModelFile(const SnapshotRecord& record) const {
  return prefix_ + "_iter_" + std::to_string(record.iter()) + ".caffemodel" +
         (record.is_hdf5() ? ".h5" : "");
}

bool SnapshotHistory::IsOurs(const SnapshotRecord& record) const {
  if (record.iter() > recovered_to_) return true;
  try {
    const SolverState state = ReadSolverState(StateFile(record));
    return state.iter() == record.iter() && state.learned_net_crc32() == record.model_crc32();
  } catch (const Error&) {
    return false;
  }
}

void SnapshotHistory::Remove(const SnapshotRecord& record) {
  if (!IsOurs(record)) return;
  // The state goes first: a state without its model cannot be resumed from.
  for (const std::string& file : {StateFile(record), ModelFile(record)}) {
    std::error_code error;
    fs::remove(file, error);
    LOG_IF(WARNING, bool(error)) << "cannot remove the old snapshot '" << file
                                 << "': " << error.message();
  }
  LOG(INFO) << "Removed the snapshot of iteration " << record.iter()
            << " (keep_snapshots: " << rule_.newest << ")";
}

}  // namespace caffe
