#include "caffe/util/image_size.hpp"

#include <cstddef>
#include <cstdlib>

#include "caffe/error.hpp"

namespace caffe {

namespace {

/// Bytes as numbers; 0 beyond the end.
class Head {
 public:
  explicit Head(std::string_view bytes) : bytes_(bytes) {}

  bool Has(size_t at, std::string_view text) const {
    return at <= bytes_.size() && bytes_.substr(at).starts_with(text);
  }
  bool Reaches(size_t size) const { return bytes_.size() >= size; }
  int64_t Byte(size_t at) const {
    return at < bytes_.size() ? static_cast<unsigned char>(bytes_[at]) : 0;
  }
  int64_t Big(size_t at, int count) const {
    int64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | Byte(at + i);
    return value;
  }
  int64_t Little(size_t at, int count) const {
    int64_t value = 0;
    for (int i = count - 1; i >= 0; --i) value = value << 8 | Byte(at + i);
    return value;
  }

 private:
  std::string_view bytes_;
};

/// The frame header of a JPEG file says it, behind segments of any number.
std::optional<ImageSize> JpegSize(const Head& head) {
  for (size_t at = 2; head.Reaches(at + 9);) {
    if (head.Byte(at) != 0xFF) return std::nullopt;
    const int64_t marker = head.Byte(at + 1);
    if (marker == 0xFF) {
      ++at;  // a fill byte
      continue;
    }
    const bool is_frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame) return ImageSize{head.Big(at + 7, 2), head.Big(at + 5, 2)};
    const bool stands_alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    at += stands_alone ? 2 : 2 + static_cast<size_t>(head.Big(at + 2, 2));
  }
  return std::nullopt;
}

std::optional<ImageSize> WebpSize(const Head& head) {
  if (!head.Reaches(30)) return std::nullopt;
  if (head.Has(12, "VP8X")) return ImageSize{head.Little(24, 3) + 1, head.Little(27, 3) + 1};
  if (head.Has(12, "VP8L")) {
    const int64_t bits = head.Little(21, 4);
    return ImageSize{(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1};
  }
  return ImageSize{head.Little(26, 2) & 0x3FFF, head.Little(28, 2) & 0x3FFF};
}

}  // namespace

std::optional<ImageSize> ImageSizeOf(std::string_view bytes) {
  const Head head(bytes);
  if (head.Has(0, "\xFF\xD8\xFF")) return JpegSize(head);
  if (head.Has(0, "\x89PNG\r\n\x1A\n") && head.Reaches(24)) {
    return ImageSize{head.Big(16, 4), head.Big(20, 4)};
  }
  if (head.Has(0, "RIFF") && head.Has(8, "WEBP")) return WebpSize(head);
  if (head.Has(0, "GIF8") && head.Reaches(10))
    return ImageSize{head.Little(6, 2), head.Little(8, 2)};
  if (head.Has(0, "BM") && head.Reaches(26)) {
    // A negative height stands for rows from the top.
    const auto height = static_cast<int32_t>(static_cast<uint32_t>(head.Little(22, 4)));
    return ImageSize{head.Little(18, 4), std::llabs(height)};
  }
  return std::nullopt;
}

int64_t& MaxImagePixels() {
  static int64_t pixels = 200'000'000;
  return pixels;
}

void CheckImageSize(std::string_view bytes) {
  const std::optional<ImageSize> size = ImageSizeOf(bytes);
  if (!size || size->width == 0 || size->height <= MaxImagePixels() / size->width) return;
  throw Error("the image has ", size->width, "x", size->height, " pixels, more than ",
              MaxImagePixels(), "; if that is right, raise --max_pixels");
}

}  // namespace caffe
