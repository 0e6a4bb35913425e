#ifndef CAFFE_CLI_VALUE_FORMATS_HPP_
#define CAFFE_CLI_VALUE_FORMATS_HPP_

#include <vector>

#include "caffe/net.hpp"

namespace caffe::cli {

/// Where the values of a net on the CPU are plain and where in channel blocks, told from the
/// layers' parameters without running them: convolutions leave blocks, except for depthwise ones
/// with filters above 3x3 on images that are not small; most others leave what they find.
class ValueFormats {
 public:
  explicit ValueFormats(const Net<float>& net);

  bool LeavesPlain(int layer) const { return leaves_plain_[layer]; }
  /// Whether a layer has to copy its first bottom to another format.
  bool Converts(int layer) const { return converts_[layer]; }

 private:
  bool WantsPlain(int layer, bool bottom_is_plain) const;

  const Net<float>& net_;
  std::vector<bool> leaves_plain_, converts_;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_VALUE_FORMATS_HPP_
