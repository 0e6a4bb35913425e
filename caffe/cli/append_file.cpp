#include "caffe/cli/append_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"

namespace caffe::cli {

AppendFile::AppendFile(const std::string& path) : path_(path) {
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) Fail("open");
  struct stat status;
  const bool is_free = flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  const bool has_status = fstat(descriptor_, &status) == 0;
  if (is_free && has_status) {
    size_ = static_cast<uint64_t>(status.st_size);
    return;
  }
  close(descriptor_);
  Require(is_free, "'", path, "' is being written by another run; give another name");
  Fail("open");
}

AppendFile::~AppendFile() { close(descriptor_); }

std::string AppendFile::Read() const { return ReadWholeFile(path_); }

void AppendFile::Truncate(uint64_t size) {
  if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) Fail("cut");
  size_ = size;
}

void AppendFile::Append(std::string_view record) {
  std::string_view rest = record;
  while (!rest.empty()) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int cause = errno;
      if (ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) errno = cause;
      errno = cause;
      Fail("write");
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  size_ += record.size();
}

void AppendFile::Fail(const char* what) const {
  const int cause = errno;
  throw Error("cannot ", what, " '", path_, "': ", std::strerror(cause));
}

}  // namespace caffe::cli
