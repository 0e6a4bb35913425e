#include "data_tools/json_text.hpp"

#include <cstdint>
#include <cstdio>

namespace caffe {

namespace {

/// Number of bytes of the UTF-8 character that starts at `i`; 0 if none does.
size_t CharacterLength(const std::string& text, size_t i) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned first = byte(i);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || i + length > text.size()) return 0;
  uint32_t character = first & (0x7Fu >> length);
  for (size_t k = i + 1; k < i + length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return 0;
    character = character << 6 | (byte(k) & 0x3Fu);
  }
  const bool is_overlong =
      (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool is_half = character >= 0xD800 && character <= 0xDFFF;
  return is_overlong || is_half || character > 0x10FFFF ? 0 : length;
}

bool IsUtf8(const std::string& text) {
  size_t length = 0;
  for (size_t i = 0; i < text.size(); i += length) {
    length = CharacterLength(text, i);
    if (length == 0) return false;
  }
  return true;
}

}  // namespace

std::string Utf8Text(const std::string& text) {
  if (IsUtf8(text)) return text;
  std::string utf8;
  for (const unsigned char c : text) {
    if (c < 0x80) {
      utf8 += static_cast<char>(c);
    } else {
      utf8 += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  return utf8;
}

std::string JsonString(const std::string& text) {
  const bool is_utf8 = IsUtf8(text);
  std::string json = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\') {
      json += {'\\', static_cast<char>(c)};
    } else if (c < 0x20 || c == 0x7F || (c > 0x7F && !is_utf8)) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      json += escape;
    } else {
      json += static_cast<char>(c);
    }
  }
  return json + "\"";
}

}  // namespace caffe
