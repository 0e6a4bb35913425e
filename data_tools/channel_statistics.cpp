#include "data_tools/channel_statistics.hpp"

#include <cmath>

#include "caffe/error.hpp"

namespace caffe {

// In two passes, so that no difference of large sums loses digits.
template <typename Value>
ChannelStatistics::Moments ChannelStatistics::MomentsOf(const Value* values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += values[i];
  Moments moments{static_cast<double>(count), sum / static_cast<double>(count), 0};
  for (size_t i = 0; i < count; ++i) {
    const double distance = values[i] - moments.mean;
    moments.squares += distance * distance;
  }
  return moments;
}

// Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample
// variances", 1979.
void ChannelStatistics::Merge(const Moments& moments, Moments* all) const {
  const double count = all->count + moments.count;
  const double distance = moments.mean - all->mean;
  all->squares += moments.squares + distance * distance * all->count * moments.count / count;
  all->mean += distance * moments.count / count;
  all->count = count;
}

void ChannelStatistics::Add(const Datum& datum) {
  if (channels_.empty()) channels_.resize(datum.channels());
  Require(datum.channels() == channels(), "it has ", datum.channels(),
          " channel(s), the first image ", channels());
  const size_t count = static_cast<size_t>(datum.height()) * datum.width();
  const auto* bytes = reinterpret_cast<const unsigned char*>(datum.data().data());
  for (int c = 0; c < channels(); ++c) {
    const size_t first = c * count;
    Merge(datum.data().empty() ? MomentsOf(datum.float_data().data() + first, count)
                               : MomentsOf(bytes + first, count),
          &channels_[c]);
  }
}

double ChannelStatistics::standard_deviation(int channel) const {
  return std::sqrt(channels_[channel].squares / channels_[channel].count);
}

}  // namespace caffe
