#ifndef TESTS_DATA_TOOLS_MAT_BUILDER_HPP_
#define TESTS_DATA_TOOLS_MAT_BUILDER_HPP_

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace caffe {

/// Builds MAT files of level 5 by hand, in either byte order.
/// Source: "MAT-File Format", The MathWorks.
class MatBuilder {
 public:
  explicit MatBuilder(bool big_endian) : big_(big_endian) {}

  template <class Number>
  std::string Bytes(Number number) const {
    std::string bytes(sizeof(number), '\0');
    std::memcpy(bytes.data(), &number, sizeof(number));
    if (big_) std::reverse(bytes.begin(), bytes.end());
    return bytes;
  }

  std::string Header() const {
    std::string header = "MATLAB 5.0 MAT-file, built by hand";
    header.resize(124, ' ');
    return header + Bytes<uint16_t>(0x0100) + Bytes<uint16_t>(0x4D49);
  }

  /// A data element; in the small form where it fits, if that is wanted.
  std::string Element(uint32_t type, std::string data, bool small = false) const {
    const auto size = static_cast<uint32_t>(data.size());
    if (small && size <= 4) {
      data.resize(4);
      return Bytes<uint32_t>(size << 16 | type) + data;
    }
    data.resize((data.size() + 7) / 8 * 8);
    return Bytes<uint32_t>(type) + Bytes<uint32_t>(size) + data;
  }

  /// @param array_class  6 double, 9 uint8
  /// @param type         of the data: 2 unsigned bytes, 9 doubles
  std::string Matrix(const std::string& name, uint32_t array_class,
                     const std::vector<int32_t>& dims, uint32_t type,
                     const std::string& data) const {
    std::string lengths;
    for (const int32_t length : dims) lengths += Bytes<int32_t>(length);
    return Element(14, Element(6, Bytes<uint32_t>(array_class) + Bytes<uint32_t>(0)) +
                           Element(5, lengths) + Element(1, name, true) +
                           Element(type, data, true));
  }

  std::string Compressed(const std::string& element) const {
    std::string packed(compressBound(element.size()), '\0');
    uLongf size = packed.size();
    compress(reinterpret_cast<Bytef*>(packed.data()), &size,
             reinterpret_cast<const Bytef*>(element.data()), element.size());
    packed.resize(size);
    return Bytes<uint32_t>(15) + Bytes<uint32_t>(static_cast<uint32_t>(size)) + packed;
  }

 private:
  bool big_;
};

}  // namespace caffe

#endif  // TESTS_DATA_TOOLS_MAT_BUILDER_HPP_
