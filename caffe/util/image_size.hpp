#ifndef CAFFE_UTIL_IMAGE_SIZE_HPP_
#define CAFFE_UTIL_IMAGE_SIZE_HPP_

#include <cstdint>
#include <optional>
#include <string_view>

namespace caffe {

struct ImageSize {
  int64_t width, height;
};

/// Width and height by the head of a JPEG, PNG, WebP, BMP or GIF file, before anything is decoded;
/// nothing for other types, and where the head is cut off.
std::optional<ImageSize> ImageSizeOf(std::string_view bytes);

/// Images with more pixels are not decoded; 200 million at first. --max_pixels of all programs.
int64_t& MaxImagePixels();

/// Throws Error if the head of an image file asks for more than MaxImagePixels(): a small file can
/// take gigabytes.
void CheckImageSize(std::string_view bytes);

}  // namespace caffe

#endif  // CAFFE_UTIL_IMAGE_SIZE_HPP_
