#ifndef CAFFE_SOLVER_SNAPSHOT_LOCK_HPP_
#define CAFFE_SOLVER_SNAPSHOT_LOCK_HPP_

#include <memory>
#include <string>

namespace caffe {

/// Keeps other processes from writing snapshots of the same snapshot_prefix as long as it lives, by
/// a lock on the file "<prefix>.lock", which is removed at the end. If the process is killed, the
/// file stays and the lock goes.
class SnapshotLock {
 public:
  /// All solvers of one process that have the same prefix share one lock. Throws Error if another
  /// process holds it. Null where the file system cannot lock or the file cannot be made: what is
  /// wrong there shows when a snapshot is written.
  static std::shared_ptr<SnapshotLock> Take(const std::string& prefix);
  ~SnapshotLock();
  SnapshotLock(const SnapshotLock&) = delete;
  SnapshotLock& operator=(const SnapshotLock&) = delete;

 private:
  SnapshotLock(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_SNAPSHOT_LOCK_HPP_
