#ifndef DATA_TOOLS_PIXEL_SUMS_HPP_
#define DATA_TOOLS_PIXEL_SUMS_HPP_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caffe {

/// Mean and standard deviation of each channel over the pixels of images of bytes. The sums are
/// whole numbers, so they are exact and the order of the images does not matter.
class PixelSums {
 public:
  struct Channel {
    uint64_t count = 0;    // of pixels
    uint64_t sum = 0;      // of their values
    uint64_t squares = 0;  // of the values' squares
  };

  PixelSums() = default;
  explicit PixelSums(std::vector<Channel> channels) : channels_(std::move(channels)) {}

  /// Counts an image in, one channel behind the other.
  void AddPlanes(const unsigned char* values, int channels, size_t pixels);
  /// Counts an image's row in, all channels of a pixel side by side.
  void AddPixels(const unsigned char* values, int channels, size_t pixels);
  /// Adds the sums of other images, which must have as many channels. False if they have not: then
  /// nothing is added, and the sums have no meaning any more.
  bool Merge(const PixelSums& other);
  /// Turns R G B into B G R and the other way round.
  void SwapOuterChannels();

  const std::vector<Channel>& channels() const { return channels_; }
  double mean(size_t channel) const;
  /// Of all pixels, not of a sample: divided by their number.
  double standard_deviation(size_t channel) const;

 private:
  std::vector<Channel> channels_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_PIXEL_SUMS_HPP_
