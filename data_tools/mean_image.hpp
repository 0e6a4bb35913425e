#ifndef DATA_TOOLS_MEAN_IMAGE_HPP_
#define DATA_TOOLS_MEAN_IMAGE_HPP_

#include <cstdint>
#include <filesystem>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// The mean of images of one size, pixel by pixel: what a transform_param's mean_file wants.
class MeanImage {
 public:
  /// Counts an image in: its bytes, or its floats where it has no bytes. Throws Error if its size
  /// is not the first one's.
  void Add(const Datum& datum);
  /// Writes, whole or not at all, a BlobProto of 1 x channels x height x width with Caffe's four
  /// old fields.
  void Write(const std::filesystem::path& path) const;

 private:
  int channels_ = 0;
  int height_ = 0;
  int width_ = 0;
  uint64_t count_ = 0;
  // Single precision in the order of the images: the numbers that Caffe's own tool gets.
  std::vector<float> sum_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_MEAN_IMAGE_HPP_
