#include "data_tools/tar_archive.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "caffe/error.hpp"
#include "data_tools/tool_main.hpp"

namespace caffe {

namespace {

constexpr uint64_t kBlock = 512;
// Of names and of the attributes that POSIX puts before a file.
constexpr uint64_t kLongestExtension = 1 << 20;

/// A field of the header: its first byte and its length.
struct Field {
  size_t at, length;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kMagic{257, 6}, kPrefix{345, 155};
constexpr size_t kType = 156;

class Header {
 public:
  char* bytes() { return bytes_.data(); }
  char type() const { return bytes_[kType]; }
  bool is_end() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](char c) { return c == 0; });
  }
  bool is_gzip() const { return bytes_[0] == '\x1f' && bytes_[1] == '\x8b'; }

  /// A text ends at its first zero.
  std::string Text(const Field& field) const {
    const std::string_view all(bytes_.data() + field.at, field.length);
    return std::string(all.substr(0, all.find('\0')));
  }

  std::string name() const {
    // GNU's old form has other things where POSIX has the prefix.
    const std::string prefix = Text(kMagic) == "ustar" ? Text(kPrefix) : "";
    return prefix.empty() ? Text(kName) : prefix + "/" + Text(kName);
  }

  /// An octal number or, marked by its highest bit, a binary one. False if it is neither.
  bool Number(const Field& field, uint64_t* number) const {
    *number = 0;
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes_[field.at + i]); };
    if (byte(0) == 0x80) {
      for (size_t i = 1; i < field.length; ++i) {
        if (*number >> 55 != 0) return false;
        *number = *number << 8 | byte(i);
      }
      return true;
    }
    const std::string text = Text(field);
    const size_t begin = std::min(text.find_first_not_of(' '), text.size());
    const size_t end = std::min(text.find(' ', begin), text.size());
    const auto [rest, error] = std::from_chars(text.data() + begin, text.data() + end, *number, 8);
    return error == std::errc() && rest == text.data() + end;
  }

  bool IsSumRight() const {
    uint64_t wanted;
    if (!Number(kChecksum, &wanted)) return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < kBlock; ++i) {
      const bool is_sum = i >= kChecksum.at && i < kChecksum.at + kChecksum.length;
      sum += is_sum ? ' ' : static_cast<unsigned char>(bytes_[i]);
    }
    return sum == wanted;
  }

 private:
  std::array<char, kBlock> bytes_;
};

/// What an entry of its own says about the file behind it.
struct Extension {
  std::string name;
  uint64_t size = 0;
  bool has_size = false;
};

/// Records "length key=value\n", the length counting itself.
void ReadAttributes(std::string_view records, Extension* next) {
  while (!records.empty()) {
    size_t length = 0;
    const auto [rest, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<size_t>(rest - records.data());
    if (error != std::errc() || length <= digits + 1 || length > records.size()) return;
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    const size_t equals = record.find('=');
    if (equals == record.npos) continue;
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") next->name = value;
    if (key == "size") {
      next->has_size =
          std::from_chars(value.data(), value.data() + value.size(), next->size).ec == std::errc();
    }
  }
}

class Walk {
 public:
  Walk(const ByteSource& source, const ByteRange& archive, const std::string& title)
      : source_(source), at_(archive.offset), end_(archive.offset + archive.size), title_(title) {}

  /// The next regular file; false at the end.
  bool Next(TarMember* member) {
    Extension extension;
    while (at_ < end_) {
      Require(end_ - at_ >= kBlock, title_, " is cut off: ", end_ - at_,
              " bytes are left where a header should be. Get it again.");
      source_.ReadAt(at_, header_.bytes(), kBlock);
      if (header_.is_end()) return false;
      CheckHeader();
      const bool is_file = header_.type() == '0' || header_.type() == '\0' || header_.type() == '7';
      ByteRange place{at_ + kBlock, SizeOf(is_file ? extension : Extension())};
      const std::string name = extension.name.empty() ? header_.name() : extension.name;
      Require(place.size <= end_ - place.offset, title_, " is cut off: ", name, " in it has ",
              place.size, " bytes, and ", end_ - place.offset, " are left. Get it again.");
      at_ = std::min(end_, place.offset + (place.size + kBlock - 1) / kBlock * kBlock);
      if (is_file && !name.ends_with('/')) {
        *member = {name, place};
        return true;
      }
      if (header_.type() == 'L' || header_.type() == 'x') {
        ReadExtension(place, &extension);
      } else if (header_.type() != 'K' && header_.type() != 'g') {
        extension = {};  // was that of a folder or a link
      }
    }
    return false;
  }

 private:
  void CheckHeader() const {
    Require(!header_.is_gzip(), title_, " is packed with gzip. Unpack it: gunzip ", title_);
    Require(header_.IsSumRight(), title_, ": there is no header of a tar archive at byte ", at_,
            ". The file is damaged, or no tar archive.");
  }

  uint64_t SizeOf(const Extension& extension) const {
    if (extension.has_size) return extension.size;
    uint64_t size;
    Require(header_.Number(kSize, &size), title_, ": the header at byte ", at_,
            " has no size. The file is damaged.");
    return size;
  }

  void ReadExtension(const ByteRange& place, Extension* next) const {
    Require(place.size <= kLongestExtension, title_, ": the name at byte ", place.offset, " has ",
            place.size, " bytes. The file is damaged.");
    std::string text(place.size, '\0');
    source_.ReadAt(place.offset, text.data(), text.size());
    if (header_.type() == 'x') {
      ReadAttributes(text, next);
    } else {
      next->name = text.c_str();
    }
  }

  const ByteSource& source_;
  uint64_t at_, end_;
  const std::string& title_;
  Header header_;
};

}  // namespace

void ForEachTarMember(const ByteSource& source, const ByteRange& archive, const std::string& title,
                      const std::function<void(const TarMember&)>& visit) {
  Walk walk(source, archive, title);
  for (TarMember member; walk.Next(&member);) {
    CheckInterrupted();
    visit(member);
  }
}

}  // namespace caffe
