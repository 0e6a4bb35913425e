#ifndef DATA_TOOLS_ATOMIC_OUTPUT_HPP_
#define DATA_TOOLS_ATOMIC_OUTPUT_HPP_

#include <filesystem>
#include <string>
#include <vector>

namespace caffe {

/// A tool's output, made under a temporary name beside its final place and moved there at the
/// end, so that nobody ever sees half of it. Without Commit nothing is left behind; what a killed
/// tool left is removed by the next one that writes the same.
class AtomicOutput {
 public:
  /// @param directory  where the output goes; made, with its parents, if it is not there
  /// @param names      the files and directories that the tool may make in it; they come there in
  ///                   this order, so the one that others wait for is last
  /// @param force      replace what is there (and remove what is not made anew); otherwise Error
  ///                   if one of `names` is there
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
  void RemoveStale(const std::string& stem) const;
  bool MakeTemporary();
  void MoveInto();

  std::filesystem::path directory_;
  std::filesystem::path temporary_;
  std::vector<std::string> names_;
  std::vector<std::filesystem::path> made_parents_;
  bool whole_directory_;
  bool committed_ = false;
  int lock_ = -1;
};

}  // namespace caffe

#endif  // DATA_TOOLS_ATOMIC_OUTPUT_HPP_
