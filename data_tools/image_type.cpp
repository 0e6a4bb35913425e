#include "data_tools/image_type.hpp"

#include <cstddef>

namespace caffe {

namespace {

constexpr int kEndOfImage = 0xD9;

/// Goes from marker to marker of a JPEG file.
class JpegMarkers {
 public:
  explicit JpegMarkers(std::string_view bytes) : bytes_(bytes) {}

  bool is_jpeg() const { return bytes_.starts_with("\xFF\xD8\xFF"); }

  /// The next marker, or -1 if the file ends before it, or before its segment's length.
  int Next() {
    while (next_ + 1 < bytes_.size()) {
      const int marker = byte(next_ + 1);
      const bool is_entropy_coded = byte(next_) != 0xFF || marker == 0 || marker == 0xFF;
      if (is_entropy_coded) {
        next_ = bytes_.find('\xFF', next_ + 1);
        if (next_ == bytes_.npos) return -1;
        continue;
      }
      const bool stands_alone =
          marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8) || marker == kEndOfImage;
      if (!stands_alone && next_ + 3 >= bytes_.size()) return -1;
      segment_ = next_ + 4;
      next_ += 2;
      if (!stands_alone) next_ += size_t{byte(next_)} * 256 + byte(next_ + 1);
      return marker;
    }
    return -1;
  }

  /// A byte of the segment behind the marker; 0 if the file ends before it.
  int segment_byte(size_t i) const { return segment_ + i < bytes_.size() ? byte(segment_ + i) : 0; }

 private:
  unsigned char byte(size_t i) const { return static_cast<unsigned char>(bytes_[i]); }

  std::string_view bytes_;
  size_t next_ = 2;
  size_t segment_ = 0;
};

}  // namespace

std::string ImageTypeOf(std::string_view bytes) {
  if (JpegMarkers(bytes).is_jpeg()) return "jpg";
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "png";
  if (bytes.starts_with("GIF8")) return "gif";
  if (bytes.starts_with("BM")) return "bmp";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "webp";
  const std::string_view head = bytes.substr(0, 4);
  if (head == std::string_view("II*\0", 4) || head == std::string_view("MM\0*", 4)) return "tif";
  return "";
}

bool IsTruncatedJpeg(std::string_view bytes) {
  JpegMarkers markers(bytes);
  if (!markers.is_jpeg()) return false;
  int marker;
  while ((marker = markers.Next()) >= 0) {
    if (marker == kEndOfImage) return false;
  }
  return true;
}

int JpegComponents(std::string_view bytes) {
  JpegMarkers markers(bytes);
  if (!markers.is_jpeg()) return 0;
  int marker;
  while ((marker = markers.Next()) >= 0) {
    // Start of a frame, of which there are many kinds; C4, C8 and CC are other things.
    const bool is_frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame) return markers.segment_byte(5);
  }
  return 0;
}

bool IsDeepPng(std::string_view bytes) {
  constexpr size_t kBitDepth = 24;
  return ImageTypeOf(bytes) == "png" && bytes.size() > kBitDepth && bytes[kBitDepth] == 16;
}

}  // namespace caffe
