#include "caffe/util/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "caffe/error.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

constexpr char kSuffix[] = ".caffe-tmp";

/// A new file beside its final place. As long as its writer lives it is locked, so that
/// RemoveStaleTemporaries can tell a killed run's file from one that is being written.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& final_path) : final_path_(final_path) {
    while (!CreateLocked()) {
    }
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!renamed_) unlink(path_.c_str());
  }

  void Write(std::string_view content) {
    // Linux writes at most 2^31 - 4096 bytes at a time.
    constexpr size_t kMost = size_t{1} << 30;
    while (!content.empty()) {
      const ssize_t written = write(descriptor_, content.data(), std::min(content.size(), kMost));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) Fail("write");
      content.remove_prefix(static_cast<size_t>(written));
    }
    if (fsync(descriptor_) != 0) Fail("flush");
  }

  void Rename() {
    if (rename(path_.c_str(), final_path_.c_str()) != 0) Fail("rename to");
    renamed_ = true;
    FlushDirectory();
  }

 private:
  /// False if the name was taken, or the file was removed before it was locked.
  bool CreateLocked() {
    static std::atomic<unsigned> counter{0};
    path_ =
        final_path_ + "." + std::to_string(getpid()) + "-" + std::to_string(counter++) + kSuffix;
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno == EEXIST) return false;
    if (descriptor_ < 0) {
      const int cause = errno;
      throw WriteError(cause, "cannot create '", final_path_, "': ", std::strerror(cause));
    }
    flock(descriptor_, LOCK_EX);
    struct stat status;
    if (fstat(descriptor_, &status) == 0 && status.st_nlink > 0) return true;
    close(descriptor_);
    return false;
  }

  /// Makes the new name survive a power failure. Some file systems cannot; the data is safe.
  void FlushDirectory() const {
    const fs::path directory = fs::path(final_path_).parent_path();
    const int opened =
        open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return;
    fsync(opened);
    close(opened);
  }

  [[noreturn]] void Fail(const char* what) const {
    const int cause = errno;
    throw WriteError(cause, "cannot ", what, " '", final_path_, "': ", std::strerror(cause));
  }

  std::string final_path_, path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

bool IsStale(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool stale = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  close(descriptor);
  return stale;
}

}  // namespace

bool WriteError::lacks_space() const {
  return cause_ == ENOSPC || cause_ == EDQUOT || cause_ == EFBIG;
}

void WriteFileAtomically(const std::string& path, std::string_view content) {
  TemporaryFile file(path);
  file.Write(content);
  file.Rename();
}

int RemoveStaleTemporaries(const std::string& path_prefix) {
  const fs::path prefix(path_prefix);
  const fs::path directory = prefix.parent_path().empty() ? "." : prefix.parent_path();
  const std::string begin = prefix.filename().string();
  int removed = 0;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(begin) || !name.ends_with(kSuffix) || !IsStale(entry->path())) continue;
    if (unlink(entry->path().c_str()) == 0) ++removed;
  }
  return removed;
}

std::string ReadWholeFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  Require(file.good(), "cannot open '", path, "': ", std::strerror(errno));
  const std::streamoff size = file.tellg();
  Require(size >= 0 && !fs::is_directory(path), "cannot read '", path, "': it is not a file");
  std::string content(static_cast<size_t>(size), '\0');
  file.seekg(0);
  file.read(content.data(), size);
  Require(file.good() || size == 0, "cannot read '", path, "': ", std::strerror(errno));
  return content;
}

std::string ReadTextFile(const std::string& path) {
  return WithoutByteOrderMark(ReadWholeFile(path));
}

std::string WithoutByteOrderMark(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

}  // namespace caffe
