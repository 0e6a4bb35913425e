#ifndef DATA_TOOLS_ATOMIC_OUTPUT_HPP_
#define DATA_TOOLS_ATOMIC_OUTPUT_HPP_

#include <filesystem>
#include <string>
#include <vector>

namespace caffe {

/// What makes an output one that can be gone on with.
struct Resumption {
  /// All that the output depends on, a line for each thing.
  std::string key;
  /// Throw away what is there, and begin anew.
  bool restart = false;
};

/// A tool's output, made under a temporary name beside its final place and moved there at the
/// end, so that nobody ever sees half of it. Without Commit nothing is left behind; what a killed
/// tool left is removed by the next one that writes the same.
///
/// With a Resumption what a killed tool left is taken over instead, if it has the same key, and
/// what is there after Keep survives also a failure.
class AtomicOutput {
 public:
  /// @param directory  where the output goes; made, with its parents, if it is not there
  /// @param names      the files and directories that the tool may make in it; they come there in
  ///                   this order, so the one that others wait for is last
  /// @param force      replace what is there (and remove what is not made anew); otherwise Error
  ///                   if one of `names` is there
  AtomicOutput(const std::filesystem::path& directory, const std::vector<std::string>& names,
               bool force);
  /// Also throws Error if what is there has another key, or if another tool works on it.
  AtomicOutput(const std::filesystem::path& directory, const std::vector<std::string>& names,
               bool force, const Resumption& resumption);
  ~AtomicOutput();
  AtomicOutput(const AtomicOutput&) = delete;
  AtomicOutput& operator=(const AtomicOutput&) = delete;

  /// Where to write `name` until Commit.
  std::filesystem::path path(const std::string& name) const { return made_ / name; }
  /// Where `name` will be.
  std::filesystem::path final_path(const std::string& name) const { return directory_ / name; }

  /// Whether a killed tool's work is gone on with.
  bool resumed() const { return resumed_; }
  /// With a Resumption: where to note how far the work has come. Not part of the output.
  std::filesystem::path note_path(const std::string& name) const { return temporary_ / name; }
  /// With a Resumption: from now on a failure leaves what is there, for the next time.
  void Keep() { kept_ = true; }
  bool kept() const { return kept_; }
  /// Where it is then.
  const std::filesystem::path& kept_path() const { return temporary_; }

  /// Writes everything to the disk and moves it into place.
  void Commit();

 private:
  void CheckPlace(bool force) const;
  void MakeParents();
  void RemoveStale(const std::string& stem) const;
  bool MakeTemporary();
  void Lock();
  void TakeOver(const Resumption& resumption);
  void MoveInto();

  std::filesystem::path directory_;
  std::filesystem::path temporary_;
  std::filesystem::path made_;  // in it, or itself
  std::vector<std::string> names_;
  std::vector<std::filesystem::path> made_parents_;
  bool whole_directory_;
  bool force_;
  bool committed_ = false;
  bool resumed_ = false;
  bool kept_ = false;
  int lock_ = -1;
};

}  // namespace caffe

#endif  // DATA_TOOLS_ATOMIC_OUTPUT_HPP_
