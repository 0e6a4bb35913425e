#ifndef DATA_TOOLS_IMAGE_FILE_HPP_
#define DATA_TOOLS_IMAGE_FILE_HPP_

#include <string>

#include "caffe/proto/caffe.pb.h"
#include "data_tools/pixel_sums.hpp"

namespace caffe {

/// How an image becomes a datum.
struct ImageConversion {
  bool color = true;
  /// Store pixels, or with `encoded` count them, in the order R G B instead of B G R.
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
  /// Encode all images anew, also those that nothing else changes.
  bool reencode = false;
  /// Look at the files' content instead of their names: only JPEG files, grey or of three colours,
  /// stay as they are; others are encoded anew.
  bool repair = false;
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

struct ConvertedImage {
  Datum datum;
  ConvertedSize size;
  /// Of the converted image, before it is encoded.
  PixelSums pixels;
  /// What `repair` has done, such as "a PNG image, stored as JPEG"; mostly nothing.
  std::string repair;
};

/// The bytes of an image file. Throws Error with the reason, without the path, if it cannot be
/// read.
std::string ReadImageFile(const std::string& path);

/// Makes a datum of an image file's bytes: without `encoded` 8-bit pixels, planar, B G R (R G B) or
/// grey; with it the file's own bytes where nothing changes them (no resize, the type is the
/// file's own), and otherwise the image encoded anew. The same bytes as Caffe's convert_imageset.
/// May be called by many threads at once.
/// @param name  of the file, whose end tells the type
/// Throws Error with the reason, without the name, if this is no readable image.
ConvertedImage ConvertImage(std::string bytes, const std::string& name, int label,
                            const ImageConversion& conversion);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGE_FILE_HPP_
