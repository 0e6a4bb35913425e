#ifndef DATA_TOOLS_SVHN_FILE_HPP_
#define DATA_TOOLS_SVHN_FILE_HPP_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"
#include "data_tools/mat_file.hpp"

namespace caffe {

/// A file of SVHN's cropped digits: the array X of 32 x 32 x 3 x N bytes (row, column, R G B,
/// image) and the N labels y, 1 to 10, of which 10 is the digit 0. Holds the labels and one image
/// in memory, in whatever order the file has the arrays. Source:
/// http://ufldl.stanford.edu/housenumbers, "Format 2".
class SvhnFile {
 public:
  static constexpr int kSide = 32, kChannels = 3;
  static constexpr int kPixels = kChannels * kSide * kSide;

  /// Throws Error if the file is no such file.
  explicit SvhnFile(const std::filesystem::path& path);

  uint64_t count() const { return labels_.size(); }
  /// Reads the next image into a datum, planar, R G B, with its digit. Throws Error if the file is
  /// damaged there.
  void Next(Datum* datum);

 private:
  void ReadLabels();

  MatFile file_;
  std::vector<uint8_t> labels_;  // digits
  std::unique_ptr<MatStream> pixels_;
  uint64_t next_ = 0;
};

}  // namespace caffe

#endif  // DATA_TOOLS_SVHN_FILE_HPP_
