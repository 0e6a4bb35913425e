#ifndef DATA_TOOLS_MAT_STREAM_HPP_
#define DATA_TOOLS_MAT_STREAM_HPP_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data_tools/byte_source.hpp"

namespace caffe {

/// Types of data elements in MAT files of level 5.
/// Source: "MAT-File Format", The MathWorks, tables 1-1 and 1-3.
enum MatType : uint32_t {
  kMatInt8 = 1,
  kMatUint8 = 2,
  kMatInt16 = 3,
  kMatUint16 = 4,
  kMatInt32 = 5,
  kMatUint32 = 6,
  kMatSingle = 7,
  kMatDouble = 9,
  kMatInt64 = 12,
  kMatUint64 = 13,
  kMatMatrix = 14,
  kMatCompressed = 15,
  kMatUtf8 = 16,
  kMatUtf16 = 17,
  kMatUtf32 = 18,
};

/// Bytes of a number of this type; 0 if it is no type of numbers.
size_t MatTypeSize(uint32_t type);

/// The head of a data element. The data of a small one, up to four bytes, is in it.
struct MatTag {
  uint32_t type = 0;
  uint32_t size = 0;
  bool small = false;
  std::array<char, 4> data{};
};

/// Reads a part of a MAT file from its front to its back, unpacked if it is compressed. Holds a
/// few kilobytes, whatever the part's size.
class MatStream {
 public:
  /// @param swap  whether numbers have the other byte order than this machine's
  MatStream(std::shared_ptr<const ByteSource> source, uint64_t offset, uint64_t size,
            bool compressed, bool swap);
  ~MatStream();
  MatStream(const MatStream&) = delete;
  MatStream& operator=(const MatStream&) = delete;

  const std::string& name() const { return source_->name(); }
  /// Bytes read so far, after unpacking.
  uint64_t position() const { return position_; }

  /// Reads `count` bytes; throws Error if the part ends before, or cannot be unpacked.
  void Read(char* bytes, size_t count);
  void Skip(uint64_t count);
  MatTag ReadTag();
  /// The numbers of an element, as doubles.
  std::vector<double> ReadNumbers(const MatTag& tag);
  /// The whole data of an element, without the bytes that fill it up. Only for short ones: throws
  /// Error above `most` bytes.
  std::string ReadData(const MatTag& tag, size_t most);

  /// Unpacks what is left of a compressed part, whose sum is checked at its end.
  void Finish();

  /// Throws Error that says that the file is damaged, and how.
  [[noreturn]] void Fail(const std::string& how) const;

 private:
  struct Inflater;
  void ReadRaw(char* bytes, size_t count);
  size_t Inflate(char* bytes, size_t most);
  void AppendNumbers(uint32_t type, const char* bytes, size_t count,
                     std::vector<double>* numbers) const;

  std::shared_ptr<const ByteSource> source_;
  uint64_t next_, end_;  // what is not read yet, in the file
  bool swap_;
  uint64_t position_ = 0;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_MAT_STREAM_HPP_
