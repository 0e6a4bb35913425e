#include "data_tools/byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "caffe/error.hpp"

namespace caffe {

namespace {

class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& path) : name_(path.string()) {
    file_ = open(name_.c_str(), O_RDONLY | O_CLOEXEC);
    Require(file_ >= 0, "Could not open ", name_, ": ", std::strerror(errno), ".");
    struct stat status;
    const bool is_file = fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
    if (!is_file) close(file_);
    Require(is_file, name_, " is no regular file.");
    size_ = static_cast<uint64_t>(status.st_size);
  }
  ~FileSource() override { close(file_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  const std::string& name() const override { return name_; }
  uint64_t size() const override { return size_; }

  void ReadAt(uint64_t offset, char* bytes, size_t count) const override {
    while (count > 0) {
      const ssize_t got = pread(file_, bytes, count, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      Require(got >= 0, "Could not read ", name_, ": ", std::strerror(errno), ".");
      Require(got > 0, name_, " is cut off: it ends after ", size_, " bytes. Get it again.");
      bytes += got;
      offset += static_cast<uint64_t>(got);
      count -= static_cast<size_t>(got);
    }
  }

  void Prefetch(uint64_t offset, uint64_t count) const override {
    posix_fadvise(file_, static_cast<off_t>(offset), static_cast<off_t>(count),
                  POSIX_FADV_WILLNEED);
  }

 private:
  std::string name_;
  int file_;
  uint64_t size_ = 0;
};

class MemorySource : public ByteSource {
 public:
  MemorySource(std::string bytes, std::string name)
      : bytes_(std::move(bytes)), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  uint64_t size() const override { return bytes_.size(); }

  void ReadAt(uint64_t offset, char* bytes, size_t count) const override {
    Require(offset <= bytes_.size() && count <= bytes_.size() - offset, name_,
            " is cut off: it ends after ", bytes_.size(), " bytes. Get it again.");
    std::memcpy(bytes, bytes_.data() + offset, count);
  }

 private:
  std::string bytes_, name_;
};

}  // namespace

std::shared_ptr<const ByteSource> OpenSource(const std::filesystem::path& path) {
  return std::make_shared<FileSource>(path);
}

std::shared_ptr<const ByteSource> SourceOf(std::string bytes, std::string name) {
  return std::make_shared<MemorySource>(std::move(bytes), std::move(name));
}

}  // namespace caffe
