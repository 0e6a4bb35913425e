#ifndef DATA_TOOLS_IMAGE_FILE_HPP_
#define DATA_TOOLS_IMAGE_FILE_HPP_

#include <string>
#include <string_view>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// How an image becomes a datum.
struct ImageConversion {
  bool color = true;
  /// Store pixels in the order R G B instead of B G R. Not with `encoded`.
  bool rgb = false;
  /// Stretched to this size, bilinearly, if both are above 0.
  int width = 0;
  int height = 0;
  /// If above 0: the shorter side gets this length, the other one in proportion (rounded down).
  /// Shrinks by averaging areas, enlarges bilinearly.
  int short_side = 0;
  /// Store an image file instead of pixels.
  bool encoded = false;
  /// Of which type, such as "png"; if empty, of the one that the file's name ends in.
  std::string encode_type;
  /// 1 to 100, for images that are encoded anew as JPEG.
  int jpeg_quality = 95;
  /// Take JPEG files that end too early; what is missing is grey.
  bool accept_truncated = false;
};

/// Size of an image after the conversion.
struct ConvertedSize {
  int channels = 0;
  int height = 0;
  int width = 0;
  bool operator==(const ConvertedSize&) const = default;
};

/// Reads an image file into a datum: without `encoded` 8-bit pixels, planar, B G R (R G B) or grey;
/// with it the file's own bytes where nothing changes them (no resize, the type is the file's own),
/// and otherwise the image encoded anew. The same bytes as Caffe's convert_imageset.
/// May be called by many threads at once.
/// @param size  out; may be null
/// Throws Error with the reason, without the path, if the file is no readable image.
Datum ReadImageFile(const std::string& path, int label, const ImageConversion& conversion,
                    ConvertedSize* size);

/// Whether a JPEG file's bytes stop before its end marker; false for what is no JPEG file.
bool IsTruncatedJpeg(std::string_view bytes);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGE_FILE_HPP_
