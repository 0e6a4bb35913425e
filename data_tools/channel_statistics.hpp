#ifndef DATA_TOOLS_CHANNEL_STATISTICS_HPP_
#define DATA_TOOLS_CHANNEL_STATISTICS_HPP_

#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Mean and standard deviation of each channel over all pixels of all images, which may differ in
/// height and width.
class ChannelStatistics {
 public:
  /// Counts the pixels of an image in: bytes, or floats where there are no bytes. Its data must
  /// have channels * height * width values, its channels be as many as the first one's.
  void Add(const Datum& datum);

  int channels() const { return static_cast<int>(channels_.size()); }
  double mean(int channel) const { return channels_[channel].mean; }
  /// Of all pixels, not of a sample: divided by their number.
  double standard_deviation(int channel) const;

 private:
  /// Of a set of values: their number, their mean, and the sum of squared distances from it.
  struct Moments {
    double count = 0;
    double mean = 0;
    double squares = 0;
  };
  template <typename Value>
  static Moments MomentsOf(const Value* values, size_t count);
  void Merge(const Moments& moments, Moments* all) const;

  std::vector<Moments> channels_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_CHANNEL_STATISTICS_HPP_
