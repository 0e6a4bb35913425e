#include "data_tools/pixel_sums.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace caffe {

namespace {

// A whole number of pixels of 1, 2, 3 or 4 channels, and of the processor's vectors.
constexpr size_t kLanes = 96;
// So many squares of 255 fit into 32 bits.
constexpr size_t kMostRounds = 65536;

/// Adds `count` values to the channels, to which they belong by turns from channel 0 on.
void AddByTurns(const unsigned char* values, size_t count, std::vector<PixelSums::Channel>* all) {
  const size_t channels = all->size();
  std::array<uint32_t, kLanes> sums, squares;
  while (count >= kLanes && kLanes % channels == 0) {
    sums.fill(0);
    squares.fill(0);
    const size_t rounds = std::min(count / kLanes, kMostRounds);
    for (size_t round = 0; round < rounds; ++round, values += kLanes) {
      for (size_t i = 0; i < kLanes; ++i) {
        sums[i] += values[i];
        squares[i] += uint32_t{values[i]} * values[i];
      }
    }
    count -= rounds * kLanes;
    for (size_t i = 0; i < kLanes; ++i) {
      (*all)[i % channels].sum += sums[i];
      (*all)[i % channels].squares += squares[i];
    }
  }
  for (size_t i = 0; i < count; ++i) {
    (*all)[i % channels].sum += values[i];
    (*all)[i % channels].squares += uint32_t{values[i]} * values[i];
  }
}

}  // namespace

void PixelSums::AddPlanes(const unsigned char* values, int channels, size_t pixels) {
  channels_.resize(static_cast<size_t>(channels));
  for (size_t c = 0; c < channels_.size(); ++c) {
    std::vector<Channel> one(1);
    AddByTurns(values + c * pixels, pixels, &one);
    channels_[c].count += pixels;
    channels_[c].sum += one[0].sum;
    channels_[c].squares += one[0].squares;
  }
}

void PixelSums::AddPixels(const unsigned char* values, int channels, size_t pixels) {
  channels_.resize(static_cast<size_t>(channels));
  AddByTurns(values, pixels * channels_.size(), &channels_);
  for (Channel& channel : channels_) channel.count += pixels;
}

bool PixelSums::Merge(const PixelSums& other) {
  if (channels_.empty()) channels_.resize(other.channels_.size());
  if (other.channels_.size() != channels_.size()) return false;
  for (size_t c = 0; c < channels_.size(); ++c) {
    channels_[c].count += other.channels_[c].count;
    channels_[c].sum += other.channels_[c].sum;
    channels_[c].squares += other.channels_[c].squares;
  }
  return true;
}

void PixelSums::SwapOuterChannels() {
  if (channels_.size() == 3) std::swap(channels_.front(), channels_.back());
}

double PixelSums::mean(size_t channel) const {
  const Channel& c = channels_[channel];
  return static_cast<double>(c.sum) / static_cast<double>(c.count);
}

double PixelSums::standard_deviation(size_t channel) const {
  const Channel& c = channels_[channel];
  const double square = mean(channel) * mean(channel);
  return std::sqrt(
      std::max(0.0, static_cast<double>(c.squares) / static_cast<double>(c.count) - square));
}

}  // namespace caffe
