#include "caffe/cli/channel_picture.hpp"

namespace caffe::cli {

namespace {

constexpr int kChannelsPerCharacter = 8;
constexpr int kCharactersPerLine = 64;

/// U+2800 + dots: bit i of `dots` raises dot i + 1.
std::string Braille(unsigned dots) {
  return {'\xe2', static_cast<char>(0xa0 | dots >> 6), static_cast<char>(0x80 | (dots & 0x3f))};
}

}  // namespace

std::vector<std::string> ChannelPicture(const DropPlan& plan, const EligibleLayer& layer) {
  std::vector<std::string> lines;
  for (int begin = 0; begin < layer.channels; begin += kChannelsPerCharacter) {
    unsigned dots = 0;
    for (int i = 0; i < kChannelsPerCharacter && begin + i < layer.channels; ++i) {
      if (plan.keeps(layer, begin + i)) dots |= 1u << i;
    }
    if (begin % (kChannelsPerCharacter * kCharactersPerLine) == 0) lines.emplace_back();
    lines.back() += Braille(dots);
  }
  return lines;
}

}  // namespace caffe::cli
