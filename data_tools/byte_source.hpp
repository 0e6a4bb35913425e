#ifndef DATA_TOOLS_BYTE_SOURCE_HPP_
#define DATA_TOOLS_BYTE_SOURCE_HPP_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace caffe {

/// Bytes that can be read from any place: those of a file, or of a text in memory. Many threads may
/// read at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// For messages: the file's path.
  virtual const std::string& name() const = 0;
  virtual uint64_t size() const = 0;
  /// Reads `count` bytes from `offset` on. Throws Error if there are not so many, or if the disk
  /// fails.
  virtual void ReadAt(uint64_t offset, char* bytes, size_t count) const = 0;
  /// Says that these bytes will be read soon, so that the disk can begin.
  virtual void Prefetch(uint64_t /*offset*/, uint64_t /*count*/) const {}
};

/// A file as it is. Throws Error if it cannot be opened.
std::shared_ptr<const ByteSource> OpenSource(const std::filesystem::path& path);

/// @param name  for messages
std::shared_ptr<const ByteSource> SourceOf(std::string bytes, std::string name);

}  // namespace caffe

#endif  // DATA_TOOLS_BYTE_SOURCE_HPP_
