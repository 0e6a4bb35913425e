#include "solver/snapshot_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>

#include "caffe/error.hpp"

namespace caffe {

namespace {

/// What the process that holds the lock wrote about itself.
std::string HolderOf(int descriptor) {
  char text[64] = {};
  const ssize_t count = pread(descriptor, text, sizeof(text) - 1, 0);
  return count > 0 ? std::string(" (process ") + std::string(text, count) + ")" : "";
}

/// Opens and locks the file; -1 if that cannot be done. Throws Error if it is locked already.
int OpenLocked(const std::string& path, const std::string& prefix) {
  for (;;) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return -1;
    const bool is_locked = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    if (!is_locked) {
      const bool is_held = errno == EWOULDBLOCK;
      const std::string holder = is_held ? HolderOf(descriptor) : "";
      close(descriptor);
      Require(!is_held, "snapshot_prefix '", prefix, "': another run writes its snapshots there",
              holder, ". Wait for it or stop it, or give another snapshot_prefix");
      return -1;
    }
    // Whoever held it may have removed the file between the two calls.
    struct stat opened, named;
    if (fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
        opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
      return descriptor;
    }
    close(descriptor);
  }
}

}  // namespace

std::shared_ptr<SnapshotLock> SnapshotLock::Take(const std::string& prefix) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<SnapshotLock>> locks;
  std::error_code ignored;
  // The canonical form of a path alone is relative as long as there is no such file.
  const std::filesystem::path absolute = std::filesystem::absolute(prefix + ".lock", ignored);
  const std::string path = std::filesystem::weakly_canonical(absolute, ignored).string();
  if (path.empty()) return nullptr;
  const std::lock_guard guard(mutex);
  std::weak_ptr<SnapshotLock>& known = locks[path];
  if (auto lock = known.lock()) return lock;
  const int descriptor = OpenLocked(path, prefix);
  if (descriptor < 0) return nullptr;
  const std::string holder = std::to_string(getpid());
  if (ftruncate(descriptor, 0) == 0 &&
      pwrite(descriptor, holder.data(), holder.size(), 0) != ssize_t(holder.size())) {
    // Without the number the message says less.
  }
  const std::shared_ptr<SnapshotLock> lock(new SnapshotLock(descriptor, path));
  known = lock;
  return lock;
}

SnapshotLock::~SnapshotLock() {
  unlink(path_.c_str());
  close(descriptor_);
}

}  // namespace caffe
