#include "caffe/native/winograd_choice.hpp"

#include "caffe/native/winograd_kernels.hpp"
#include "caffe/native/winograd_maths.hpp"

namespace caffe::winograd {
namespace {

/// Tiles of 4 in `size` outputs, and what part of them the outputs fill.
double Filled(int size) {
  const int tiles = (size + kTile - 1) / kTile;
  return double(size) / (tiles * kTile);
}

}  // namespace

bool Possible(const ConvShape& s) {
  const std::vector<int> ones = {1, 1};
  return s.kernel == std::vector<int>{kTaps, kTaps} && s.stride == ones && s.dilation == ones &&
         s.group == 1;
}

Passes FasterPasses(const ConvShape& s) {
  if (!Possible(s) || s.in_channels < 32 || s.out_channels < 32) return {};
  const bool forward = Filled(s.out[0]) * Filled(s.out[1]) > 0.5;
  const bool data = Filled(s.in[0]) * Filled(s.in[1]) > 0.5;
  return {.forward = forward, .data = data, .weights = forward};
}

bool PartPays(const ConvShape& s, const WeightsPart& part, int lanes) {
  // Multiply-adds that cost as much as to pick a value out of a block that has others; see
  // docs/decisions/skipped_gradients.md.
  constexpr double kProductsPerValue = 150;
  const bool outputs = part.axis == 0;
  const int channels = outputs ? s.out_channels : s.in_channels;
  const int others = outputs ? s.in_channels : s.out_channels;
  const int step = outputs ? kOutputStep : lanes;
  const int kept = static_cast<int>(part.kept.size());
  const int computed = (kept + step - 1) / step * step;
  return double(channels - computed) * others * kTaps * kTaps >= kProductsPerValue * kept;
}

}  // namespace caffe::winograd
