#ifndef CAFFE_CLI_APPEND_FILE_HPP_
#define CAFFE_CLI_APPEND_FILE_HPP_

#include <cstdint>
#include <string>
#include <string_view>

namespace caffe::cli {

/// A file that grows by whole records, for logs that must survive the death of their writer.
/// Locked as long as this lives, so that two runs cannot write the same file.
class AppendFile {
 public:
  /// Opens the file, or makes it. Throws Error, also where another process holds it.
  explicit AppendFile(const std::string& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  const std::string& path() const { return path_; }
  /// All that is in it.
  std::string Read() const;
  /// Cuts it off behind `size` bytes.
  void Truncate(uint64_t size);
  /// Adds the record at the end; if that fails, nothing of it stays, and Error is thrown.
  void Append(std::string_view record);

 private:
  [[noreturn]] void Fail(const char* what) const;

  std::string path_;
  int descriptor_;
  uint64_t size_;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_APPEND_FILE_HPP_
