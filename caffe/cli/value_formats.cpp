#include "caffe/cli/value_formats.hpp"

#include <string>

namespace caffe::cli {

namespace {

/// Narrower images, and smaller filters on values in blocks, go to oneDNN; see depthwise_conv.cpp.
constexpr int kNarrow = 8, kSmallFilter = 3;

/// Images with so few channels are read as they are.
constexpr int kFewChannels = 4;

}  // namespace

bool ValueFormats::WantsPlain(int layer, bool bottom_is_plain) const {
  const LayerParameter& param = net_.layers()[layer]->layer_param();
  const Blob<float>& bottom = *net_.bottom_vecs()[layer][0];
  const Blob<float>& top = *net_.top_vecs()[layer][0];
  if (param.type() == "Convolution" || param.type() == "DepthwiseConvolution") {
    const Blob<float>& weights = *net_.layers()[layer]->blobs()[0];
    const bool depthwise =
        bottom.shape(1) > 1 && weights.shape(1) == 1 && weights.shape(0) == bottom.shape(1);
    if (!depthwise || top.shape(-1) < kNarrow) return false;
    return bottom_is_plain || weights.shape(-1) > kSmallFilter;
  }
  // Channels of each image times a number.
  if (param.type() == "Scale" && net_.bottom_vecs()[layer].size() == 2) return true;
  return bottom_is_plain;
}

ValueFormats::ValueFormats(const Net<float>& net)
    : net_(net), leaves_plain_(net.layers().size(), true), converts_(net.layers().size()) {
  std::vector<bool> plain(net.blobs().size(), true);
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    if (net.bottom_ids(i).empty() || net.top_ids(i).empty()) continue;
    const Blob<float>& bottom = *net.bottom_vecs()[i][0];
    const bool found = plain[net.bottom_ids(i)[0]];
    const bool wanted = bottom.num_axes() != 4 || WantsPlain(i, found);
    leaves_plain_[i] = wanted;
    converts_[i] = wanted != found && bottom.num_axes() == 4 && bottom.shape(1) > kFewChannels;
    for (const int top : net.top_ids(i)) plain[top] = wanted;
  }
}

}  // namespace caffe::cli
