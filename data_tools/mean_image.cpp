#include "data_tools/mean_image.hpp"

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"

namespace caffe {

namespace {

size_t Values(const Datum& datum) {
  return datum.data().empty() ? datum.float_data_size() : datum.data().size();
}

}  // namespace

void MeanImage::Add(const Datum& datum) {
  if (count_ == 0) {
    channels_ = datum.channels();
    height_ = datum.height();
    width_ = datum.width();
    sum_.assign(Values(datum), 0);
  }
  Require(datum.channels() == channels_ && datum.height() == height_ && datum.width() == width_ &&
              Values(datum) == sum_.size(),
          "Image ", count_, " is of ", datum.channels(), "x", datum.height(), "x", datum.width(),
          ", the first one of ", channels_, "x", height_, "x", width_,
          ". A mean image needs images of one size.");
  const auto* bytes = reinterpret_cast<const unsigned char*>(datum.data().data());
  const float* floats = datum.float_data().data();
  if (datum.data().empty()) {
    for (size_t i = 0; i < sum_.size(); ++i) sum_[i] += floats[i];
  } else {
    for (size_t i = 0; i < sum_.size(); ++i) sum_[i] += bytes[i];
  }
  ++count_;
}

void MeanImage::Write(const std::filesystem::path& path) const {
  Require(count_ > 0, "There is no image to take the mean of.");
  BlobProto blob;
  blob.set_num(1);
  blob.set_channels(channels_);
  blob.set_height(height_);
  blob.set_width(width_);
  for (const float sum : sum_) blob.add_data(sum / static_cast<float>(count_));
  WriteFileAtomically(path.string(), blob.SerializeAsString());
}

}  // namespace caffe
