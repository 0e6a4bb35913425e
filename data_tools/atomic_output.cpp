#include "data_tools/atomic_output.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"

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

constexpr char kSuffix[] = ".tmp-";
constexpr char kPartialSuffix[] = ".partial";
constexpr char kKeyName[] = "key.txt";
constexpr char kMadeName[] = "output";

bool Exists(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }

/// Puts `made` in the place of `there`, and `there` in the place of `made`.
void Exchange(const fs::path& made, const fs::path& there) {
  if (renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, there.c_str(), RENAME_EXCHANGE) == 0) return;
  const fs::path old = made.string() + ".old";  // the file system cannot do it at one go
  fs::rename(there, old);
  fs::rename(made, there);
}

/// Removes the notes of a tool that was killed when its output was in place already.
void RemoveFinished(const fs::path& partial) {
  std::error_code ignored;
  if (Exists(partial / kKeyName) && !Exists(partial / kMadeName)) fs::remove_all(partial, ignored);
}

/// Says where two texts of lines differ.
std::string FirstDifference(const std::string& found, const std::string& wanted) {
  std::istringstream found_lines(found), wanted_lines(wanted);
  std::string there, here;
  do {
    if (!std::getline(found_lines, there)) there = "nothing";
    if (!std::getline(wanted_lines, here)) here = "nothing";
  } while (there == here && found_lines && wanted_lines);
  return "'" + there + "' there, '" + here + "' here";
}

fs::path WithoutTrailingSlash(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

AtomicOutput::AtomicOutput(const fs::path& directory, const std::vector<std::string>& names,
                           bool force)
    : directory_(WithoutTrailingSlash(directory)),
      names_(names),
      whole_directory_(!Exists(directory_)),
      force_(force) {
  CheckPlace(force);
  const fs::path stem = whole_directory_ ? directory_ : directory_ / "output";
  temporary_ = made_ = stem.string() + kSuffix + std::to_string(getpid());
  try {
    MakeParents();
    RemoveStale(stem.filename().string() + kSuffix);
    while (!MakeTemporary()) {
    }
  } catch (const fs::filesystem_error& e) {
    throw Error("Could not make the output directory ", directory_.string(), ": ",
                e.code().message(), ".");
  }
}

AtomicOutput::AtomicOutput(const fs::path& directory, const std::vector<std::string>& names,
                           bool force, const Resumption& resumption)
    : directory_(WithoutTrailingSlash(directory)),
      names_(names),
      whole_directory_(!Exists(directory_)),
      force_(force) {
  RemoveFinished(directory_.string() + kPartialSuffix);
  CheckPlace(force);
  const fs::path stem = whole_directory_ ? directory_ : directory_ / "output";
  temporary_ = stem.string() + kPartialSuffix;
  made_ = temporary_ / kMadeName;
  try {
    MakeParents();
    Lock();
    TakeOver(resumption);
  } catch (const fs::filesystem_error& e) {
    throw Error("Could not make the output directory ", temporary_.string(), ": ",
                e.code().message(), ".");
  }
}

void AtomicOutput::CheckPlace(bool force) const {
  Require(whole_directory_ || fs::is_directory(directory_), directory_.string(),
          " is not a directory. Choose another output directory.");
  for (const std::string& name : names_) {
    Require(force || !Exists(directory_ / name), (directory_ / name).string(),
            " exists already. Remove it, choose another output, or replace it with --force.");
  }
}

void AtomicOutput::Lock() {
  fs::create_directory(temporary_);
  lock_ = open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Require(lock_ >= 0, "Could not open ", temporary_.string(), ": ", std::strerror(errno), ".");
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  close(lock_);
  throw Error("Another program is writing to ", temporary_.string(),
              ". Wait until it has ended, or stop it.");
}

void AtomicOutput::TakeOver(const Resumption& resumption) {
  // The key is written behind all else, so without it there is nothing to go on with.
  const fs::path key_path = note_path(kKeyName);
  if (Exists(key_path) && !resumption.restart) {
    const std::string found = ReadWholeFile(key_path.string());
    if (found != resumption.key) close(lock_);
    Require(found == resumption.key, temporary_.string(),
            " holds a conversion that was not finished, with other options or input: ",
            FirstDifference(found, resumption.key),
            ". Go on with it as it was, or begin anew with --restart.");
    resumed_ = kept_ = true;
    return;
  }
  for (const auto& entry : fs::directory_iterator(temporary_)) fs::remove_all(entry.path());
  fs::create_directory(made_);
  try {
    WriteFileAtomically(key_path.string(), resumption.key);
  } catch (const Error&) {
    fs::remove_all(temporary_);
    close(lock_);
    throw;
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

/// A directory is locked as long as its tool runs, so a free one is a killed tool's.
void AtomicOutput::RemoveStale(const std::string& stem) const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(temporary_.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = name.starts_with(stem) && name.size() > stem.size() &&
                         name.find_first_not_of("0123456789", stem.size()) == name.npos;
    if (!is_ours) continue;
    const int lock = open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0) continue;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
    close(lock);
  }
}

/// False if another tool took it for a stale one before it was locked.
bool AtomicOutput::MakeTemporary() {
  fs::create_directory(temporary_);
  lock_ = open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) return false;
  flock(lock_, LOCK_EX);
  struct stat status;
  if (fstat(lock_, &status) == 0 && status.st_nlink > 0) return true;
  close(lock_);
  return false;
}

AtomicOutput::~AtomicOutput() {
  std::error_code ignored;
  if (committed_ || !kept_) fs::remove_all(temporary_, ignored);
  if (lock_ >= 0) close(lock_);
  if (committed_ || kept_) return;
  for (const fs::path& parent : made_parents_) fs::remove(parent, ignored);
}

void AtomicOutput::Commit() {
  // Another tool may have finished the same output meanwhile.
  if (Exists(directory_)) whole_directory_ = whole_directory_ && fs::is_empty(directory_);
  if (!whole_directory_) CheckPlace(force_);
  try {
    for (const auto& entry : fs::recursive_directory_iterator(made_)) Sync(entry.path());
    Sync(made_);
    MoveInto();
  } catch (const fs::filesystem_error& e) {
    throw Error("Could not move the output to ", directory_.string(), ": ", e.code().message(),
                ".");
  }
  committed_ = true;
}

void AtomicOutput::MoveInto() {
  if (whole_directory_) {
    fs::rename(made_, directory_);
    Sync(directory_.parent_path());
    return;
  }
  // What was there moves into the temporary directory, which is removed at the end.
  for (const std::string& name : names_) {
    const fs::path made = made_ / name, place = directory_ / name;
    if (Exists(made) && Exists(place)) {
      Exchange(made, place);
    } else if (Exists(made)) {
      fs::rename(made, place);
    } else if (Exists(place)) {
      fs::rename(place, made);
    }
  }
  Sync(directory_);
}

}  // namespace caffe
