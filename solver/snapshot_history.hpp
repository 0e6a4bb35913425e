#ifndef CAFFE_SOLVER_SNAPSHOT_HISTORY_HPP_
#define CAFFE_SOLVER_SNAPSHOT_HISTORY_HPP_

#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Which snapshots of a run to keep.
struct KeepRule {
  /// So many of the newest; 0: all.
  int newest = 0;
  /// And the one with the best test value, where test values are told.
  bool best = false;
  bool best_is_smallest = false;
};

/// The snapshots that a run wrote under its snapshot_prefix, also before it was interrupted and
/// resumed. Knows the files by the run, not by their names alone: those of another run of the same
/// prefix are not among them.
class SnapshotHistory {
 public:
  void Init(const std::string& prefix, const KeepRule& rule);

  /// The run has written a snapshot, perhaps over an earlier one.
  void Written(const SnapshotRecord& record);
  /// A test pass after `iter` updates has told the value that the best snapshot is chosen by.
  void Tested(int iter, double value);
  /// The run resumes from a state; what it wrote before is known from there, if the state is one of
  /// this prefix.
  void Resumed(const SolverState& state, const std::string& state_file);
  /// Removes the files that the rule does not keep. A file that cannot be removed is warned of.
  void RemoveOld();

  /// In the order of their iterations.
  const std::vector<SnapshotRecord>& records() const { return records_; }
  /// Their state files, the newest first; a state of another prefix that the run started from comes
  /// last.
  std::vector<std::string> StateFiles() const;

 private:
  std::string StateFile(const SnapshotRecord& record) const;
  std::string ModelFile(const SnapshotRecord& record) const;
  /// Whether the files are those of the record, not of another run that wrote over them.
  bool IsOurs(const SnapshotRecord& record) const;
  void Remove(const SnapshotRecord& record);

  std::string prefix_;
  KeepRule rule_;
  std::vector<SnapshotRecord> records_;
  /// Up to this iteration the records come from a state.
  int recovered_to_ = -1;
  std::string foreign_state_;
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_SNAPSHOT_HISTORY_HPP_
