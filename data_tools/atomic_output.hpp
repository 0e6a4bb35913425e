#ifndef DATA_TOOLS_ATOMIC_OUTPUT_HPP_
#define DATA_TOOLS_ATOMIC_OUTPUT_HPP_

#include <filesystem>
#include <string>
#include <vector>

namespace caffe {

/// A tool's output, made under a temporary name and moved into place at the end, so that nobody
/// ever sees half of it. Without Commit nothing is left behind.
class AtomicOutput {
 public:
  /// @param directory  where the output goes; made, with its parents, if it is not there
  /// @param names      the files and directories that the tool makes in it
  /// @param force      replace what is there; otherwise Error if one of `names` is
  AtomicOutput(const std::filesystem::path& directory, const std::vector<std::string>& names,
               bool force);
  ~AtomicOutput();
  AtomicOutput(const AtomicOutput&) = delete;
  AtomicOutput& operator=(const AtomicOutput&) = delete;

  /// Where to write `name` until Commit.
  std::filesystem::path path(const std::string& name) const { return temporary_ / name; }
  /// Where `name` will be.
  std::filesystem::path final_path(const std::string& name) const { return directory_ / name; }

  /// Writes everything to the disk and moves it into place.
  void Commit();

 private:
  void MakeParents();
  void MoveInto();

  std::filesystem::path directory_;
  std::filesystem::path temporary_;
  std::vector<std::string> names_;
  std::vector<std::filesystem::path> made_parents_;
  bool whole_directory_;
  bool committed_ = false;
};

}  // namespace caffe

#endif  // DATA_TOOLS_ATOMIC_OUTPUT_HPP_
