#include "data_tools/atomic_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "caffe/error.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

/// Makes sure that a file's content, or a directory's list of names, is on the disk.
void Sync(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY);
  Require(file >= 0, "Could not open ", path.string(), ": ", std::strerror(errno), ".");
  const int status = fsync(file);
  const int reason = errno;
  close(file);
  Require(status == 0, "Could not write ", path.string(), " to the disk: ", std::strerror(reason),
          ".");
}

bool Exists(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }

fs::path WithoutTrailingSlash(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

AtomicOutput::AtomicOutput(const fs::path& directory, const std::vector<std::string>& names,
                           bool force)
    : directory_(WithoutTrailingSlash(directory)),
      names_(names),
      whole_directory_(!Exists(directory_)) {
  Require(whole_directory_ || fs::is_directory(directory_), directory_.string(),
          " is not a directory. Choose another output directory.");
  for (const std::string& name : names) {
    Require(force || !Exists(directory_ / name), (directory_ / name).string(),
            " exists already. Remove it, choose another output directory, or replace it with "
            "--force.");
  }
  const std::string suffix = ".tmp-" + std::to_string(getpid());
  temporary_ =
      whole_directory_ ? fs::path(directory_.string() + suffix) : directory_ / ("output" + suffix);
  try {
    MakeParents();
    fs::create_directory(temporary_);
  } catch (const fs::filesystem_error& e) {
    throw Error("Could not make the output directory ", directory_.string(), ": ",
                e.code().message(), ".");
  }
}

void AtomicOutput::MakeParents() {
  std::vector<fs::path> missing;
  for (fs::path p = temporary_.parent_path(); !Exists(p); p = p.parent_path()) {
    missing.push_back(p);
  }
  for (auto p = missing.rbegin(); p != missing.rend(); ++p) {
    fs::create_directory(*p);
    made_parents_.insert(made_parents_.begin(), *p);
  }
}

AtomicOutput::~AtomicOutput() {
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
  if (committed_) return;
  for (const fs::path& parent : made_parents_) fs::remove(parent, ignored);
}

void AtomicOutput::Commit() {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(temporary_)) Sync(entry.path());
    Sync(temporary_);
    MoveInto();
  } catch (const fs::filesystem_error& e) {
    throw Error("Could not move the output to ", directory_.string(), ": ", e.code().message(),
                ".");
  }
  committed_ = true;
}

void AtomicOutput::MoveInto() {
  if (whole_directory_) {
    fs::rename(temporary_, directory_);
    Sync(directory_.parent_path());
    return;
  }
  for (const std::string& name : names_) {
    // What was there moves into the temporary directory, which is removed at the end.
    if (Exists(directory_ / name)) fs::rename(directory_ / name, temporary_ / (name + ".old"));
    fs::rename(temporary_ / name, directory_ / name);
  }
  Sync(directory_);
}

}  // namespace caffe
