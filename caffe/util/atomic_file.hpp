#ifndef CAFFE_UTIL_ATOMIC_FILE_HPP_
#define CAFFE_UTIL_ATOMIC_FILE_HPP_

#include <string>
#include <string_view>

#include "caffe/error.hpp"

namespace caffe {

/// A file could not be written: the disk is full, the directory is gone.
class WriteError : public Error {
 public:
  /// @param cause  errno of the call that failed
  template <typename... Parts>
  explicit WriteError(int cause, const Parts&... parts) : Error(parts...), cause_(cause) {}

  int cause() const { return cause_; }
  /// Whether there was no room: the disk is full, or a quota or a limit on files is reached.
  bool lacks_space() const;

 private:
  int cause_;
};

/// Writes a file that is complete from the moment its name exists: into a temporary file in
/// the same directory, flushed to the disk, then renamed; an older file of that name stays
/// until then. Throws WriteError with the path and the cause and removes the temporary file.
void WriteFileAtomically(const std::string& path, std::string_view content);

/// Removes temporary files of WriteFileAtomically whose final path begins with `path_prefix`
/// and whose writer is gone (killed). @return how many
int RemoveStaleTemporaries(const std::string& path_prefix);

/// The whole content of a file. Throws Error.
std::string ReadWholeFile(const std::string& path);
/// The same for text: without a byte-order mark.
std::string ReadTextFile(const std::string& path);
/// Text without the byte-order mark that some editors put in front of UTF-8.
std::string WithoutByteOrderMark(std::string text);

}  // namespace caffe

#endif  // CAFFE_UTIL_ATOMIC_FILE_HPP_
