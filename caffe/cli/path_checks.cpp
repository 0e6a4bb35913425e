#include "caffe/cli/path_checks.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "caffe/error.hpp"

namespace caffe::cli {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void Refuse(const std::string& flag, const std::string& path,
                         const std::string& reason) {
  throw Error("--", flag, ": cannot write '", path, "': ", reason);
}

void CheckWritable(const std::string& flag, const std::string& path, const fs::path& place,
                   const std::string& which) {
  if (access(place.c_str(), W_OK) == 0) return;
  const int cause = errno;
  Refuse(flag, path, which + std::strerror(cause));
}

/// The directory that the path is in.
fs::path ParentOf(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace

void CheckOutputFile(const std::string& flag, const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status)) {
    if (fs::is_directory(status)) Refuse(flag, path, "it is a directory");
    if (!fs::is_regular_file(status)) Refuse(flag, path, "it is not a file");
    CheckWritable(flag, path, path, "");
  }
  const fs::path parent = ParentOf(path);
  if (!fs::exists(parent, error)) {
    Refuse(flag, path, "there is no directory '" + parent.string() + "'");
  }
  if (!fs::is_directory(parent, error)) {
    Refuse(flag, path, "'" + parent.string() + "' is not a directory");
  }
  if (!fs::exists(status))
    CheckWritable(flag, path, parent, "directory '" + parent.string() + "': ");
}

void CheckInputFile(const std::string& path) {
  std::error_code error;
  const bool is_readable = access(path.c_str(), R_OK) == 0;
  const int cause = errno;
  Require(is_readable, "cannot read '", path, "': ", std::strerror(cause));
  Require(!fs::is_directory(path, error), "cannot read '", path, "': it is a directory");
}

void CheckOutputDirectory(const std::string& flag, const std::string& path) {
  std::error_code error;
  fs::path nearest = fs::path(path).lexically_normal();
  while (!fs::exists(nearest, error) && nearest != ParentOf(nearest)) nearest = ParentOf(nearest);
  if (!fs::is_directory(nearest, error)) {
    Refuse(flag, path, "'" + nearest.string() + "' is not a directory");
  }
  CheckWritable(flag, path, nearest, "directory '" + nearest.string() + "': ");
}

}  // namespace caffe::cli
