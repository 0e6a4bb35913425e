#ifndef DATA_TOOLS_IMAGE_TYPE_HPP_
#define DATA_TOOLS_IMAGE_TYPE_HPP_

#include <string>
#include <string_view>

namespace caffe {

/// The type of an image file by its first bytes, whatever its name says: "jpg", "png", "gif",
/// "bmp", "webp" or "tif"; "" for others.
std::string ImageTypeOf(std::string_view bytes);

/// Whether a JPEG file's bytes stop before its end marker; false for what is no JPEG file.
bool IsTruncatedJpeg(std::string_view bytes);

/// Number of colour components of a JPEG file: 1 grey, 3 colours, 4 CMYK; 0 if it cannot be told.
int JpegComponents(std::string_view bytes);

/// Whether the head of a PNG file says 16 bits a channel.
bool IsDeepPng(std::string_view bytes);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGE_TYPE_HPP_
