#ifndef CAFFE_UTIL_IMAGE_TRANSFORM_HPP_
#define CAFFE_UTIL_IMAGE_TRANSFORM_HPP_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caffe {

struct ImageSize {
  int height = 0;
  int width = 0;
};

/// A part of an image: its upper left corner and its size.
struct ImageBox {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
};

/// Pixels somewhere in memory: planar or interleaved, of any number type.
template <typename Pixel>
struct ImageView {
  const Pixel* data = nullptr;
  int channels = 0;
  int height = 0;
  int width = 0;
  /// Distance, in pixels' values, from one channel, row or column to the next.
  ptrdiff_t channel_stride = 0;
  ptrdiff_t row_stride = 0;
  ptrdiff_t column_stride = 1;
};

/// Where an output image's pixels come from. In this order: `box` of the source is resized to
/// `resized` (left as it is if that is its size), a window of size `output` is taken whose
/// upper left corner lies at (top, left) and which may reach over the borders, the window is
/// mirrored left to right, and turned about its centre.
struct ImagePlacement {
  ImageBox box;
  ImageSize resized;
  int top = 0;
  int left = 0;
  ImageSize output;
  bool mirror = false;
  /// Degrees, counter-clockwise. Nearest neighbour.
  float rotation = 0;
};

/// output = (pixel - mean) * multiplier, and `fill` where no pixel of the source lies.
template <typename Dtype>
struct ChannelValues {
  Dtype mean = 0;
  Dtype multiplier = 1;
  Dtype fill = 0;
};

/// Resizes a box of an image, each channel on its own. Bilinear between pixel centres, edge
/// pixels repeated: output x lies at source (x + 0.5) * source width / output width - 0.5.
/// @param out  channels x size.height x size.width
template <typename Pixel, typename Dtype>
void ResizeImage(const ImageView<Pixel>& image, const ImageBox& box, ImageSize size, Dtype* out);

/// Makes one output image, channels x output.height x output.width.
/// @param channel     a value for each channel
/// @param mean_image  null, or a mean for each pixel of the resized image (channels x height x
///                    width), subtracted instead of channel[c].mean
template <typename Pixel, typename Dtype>
void PlaceImage(const ImageView<Pixel>& image, const ImagePlacement& placement,
                const ChannelValues<Dtype>* channel, const Dtype* mean_image, Dtype* out);

}  // namespace caffe

#endif  // CAFFE_UTIL_IMAGE_TRANSFORM_HPP_
