#include "caffe/util/image_transform.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace caffe {

namespace {

/// The two source positions that an output position lies between, and the second one's share.
template <typename Dtype>
struct Tap {
  int first;
  int second;
  Dtype share;
};

template <typename Dtype>
void MakeTaps(int from, int to, std::vector<Tap<Dtype>>* taps) {
  taps->resize(to);
  const double step = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const double position = std::clamp((i + 0.5) * step - 0.5, 0.0, from - 1.0);
    const int first = static_cast<int>(position);
    (*taps)[i] = {first, std::min(first + 1, from - 1), static_cast<Dtype>(position - first)};
  }
}

/// For each output pixel the offset of its row and column in the (resized) source, -1 where it
/// lies outside; for a placement with a rotation. (A plane has less than 2^31 pixels: a Datum
/// and a Blob cannot hold more.)
template <typename Pixel>
void MakeRotatedOffsets(const ImageView<Pixel>& image, const ImagePlacement& place,
                        const std::vector<int>& row, const std::vector<int>& column,
                        std::vector<int>* offsets) {
  const int height = place.output.height, width = place.output.width;
  const double angle = place.rotation * std::numbers::pi / 180;
  const float cosine = static_cast<float>(std::cos(angle));
  const float sine = static_cast<float>(std::sin(angle));
  const float middle_y = height * 0.5f, middle_x = width * 0.5f;
  offsets->resize(static_cast<size_t>(height) * width);
  int* out = offsets->data();
  for (int y = 0; y < height; ++y) {
    const float dy = y + 0.5f - middle_y;
    for (int x = 0; x < width; ++x) {
      const float dx = x + 0.5f - middle_x;
      const float from_x = cosine * dx - sine * dy + middle_x;
      const float from_y = sine * dx + cosine * dy + middle_y;
      int offset = -1;
      if (from_x >= 0 && from_y >= 0 && from_x < width && from_y < height) {
        const int r = row[static_cast<int>(from_y)], c = column[static_cast<int>(from_x)];
        if (r >= 0 && c >= 0) offset = r * image.width + c;
      }
      *out++ = offset;
    }
  }
}

/// The row (column) of the resized image at each row (column) of the unturned window, -1 outside.
void MakeWindow(int size, int start, int limit, bool mirror, std::vector<int>* position) {
  position->resize(size);
  for (int i = 0; i < size; ++i) {
    const int at = start + (mirror ? size - 1 - i : i);
    (*position)[i] = at >= 0 && at < limit ? at : -1;
  }
}

/// One row without a rotation: a run of pixels inside the image, fill on both sides.
template <typename Pixel, typename Dtype>
void PlaceRow(const Pixel* pixels, const Dtype* means, const ImageView<Pixel>& image,
              const ImagePlacement& place, const ChannelValues<Dtype>& values, Dtype* out) {
  const int width = place.output.width;
  const int begin = std::clamp(-place.left, 0, width);
  const int end = std::clamp(image.width - place.left, begin, width);
  const Dtype mean = values.mean, multiplier = values.multiplier;
  const ptrdiff_t stride = image.column_stride;
  const Pixel* from = pixels + (place.left + begin) * stride;
  const Dtype* from_mean = means == nullptr ? nullptr : means + place.left + begin;
  const int first = place.mirror ? width - end : begin;
  const int count = end - begin;
  Dtype* to = out + first;
  std::fill(out, to, values.fill);
  std::fill(to + count, out + width, values.fill);
  if (from_mean != nullptr) {
    for (int i = 0; i < count; ++i) {
      to[i] = (static_cast<Dtype>(from[i * stride]) - from_mean[i]) * multiplier;
    }
  } else if (stride == 1) {
    for (int i = 0; i < count; ++i) to[i] = (static_cast<Dtype>(from[i]) - mean) * multiplier;
  } else {
    for (int i = 0; i < count; ++i) {
      to[i] = (static_cast<Dtype>(from[i * stride]) - mean) * multiplier;
    }
  }
  if (place.mirror) std::reverse(to, to + count);
}

template <typename Pixel, typename Dtype>
void PlaceUpright(const ImageView<Pixel>& image, const ImagePlacement& place,
                  const ChannelValues<Dtype>* channel, const Dtype* mean_image, Dtype* out) {
  const int height = place.output.height, width = place.output.width;
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < height; ++y, out += width) {
      const int row = place.top + y;
      if (row < 0 || row >= image.height) {
        std::fill(out, out + width, channel[c].fill);
        continue;
      }
      const Pixel* pixels = image.data + c * image.channel_stride + row * image.row_stride;
      const Dtype* means = mean_image == nullptr
                               ? nullptr
                               : mean_image + (int64_t(c) * image.height + row) * image.width;
      PlaceRow(pixels, means, image, place, channel[c], out);
    }
  }
}

template <typename Pixel, typename Dtype>
void PlaceRotated(const ImageView<Pixel>& image, const ImagePlacement& place,
                  const ChannelValues<Dtype>* channel, const Dtype* mean_image, Dtype* out) {
  static thread_local std::vector<int> row, column, offsets, strided;
  MakeWindow(place.output.height, place.top, image.height, false, &row);
  MakeWindow(place.output.width, place.left, image.width, place.mirror, &column);
  MakeRotatedOffsets(image, place, row, column, &offsets);
  const size_t count = offsets.size();
  const bool dense = image.column_stride == 1 && image.row_stride == image.width;
  if (!dense) {
    strided.resize(count);
    for (size_t i = 0; i < count; ++i) {
      strided[i] = static_cast<int>(offsets[i] / image.width * image.row_stride +
                                    offsets[i] % image.width * image.column_stride);
    }
  }
  const int* const plane_offset = offsets.data();
  const int* const pixel_offset = dense ? offsets.data() : strided.data();
  const int64_t plane = int64_t(image.height) * image.width;
  for (int c = 0; c < image.channels; ++c, out += count) {
    const Pixel* pixels = image.data + c * image.channel_stride;
    const Dtype* means = mean_image == nullptr ? nullptr : mean_image + c * plane;
    const ChannelValues<Dtype> values = channel[c];
    for (size_t i = 0; i < count; ++i) {
      if (plane_offset[i] < 0) {
        out[i] = values.fill;
        continue;
      }
      const Dtype mean = means == nullptr ? values.mean : means[plane_offset[i]];
      out[i] = (static_cast<Dtype>(pixels[pixel_offset[i]]) - mean) * values.multiplier;
    }
  }
}

template <typename Pixel, typename Dtype>
void PlaceInSize(const ImageView<Pixel>& image, const ImagePlacement& place,
                 const ChannelValues<Dtype>* channel, const Dtype* mean_image, Dtype* out) {
  if (place.rotation == 0) {
    PlaceUpright(image, place, channel, mean_image, out);
  } else {
    PlaceRotated(image, place, channel, mean_image, out);
  }
}

}  // namespace

template <typename Pixel, typename Dtype>
void ResizeImage(const ImageView<Pixel>& image, const ImageBox& box, ImageSize size, Dtype* out) {
  static thread_local std::vector<Tap<Dtype>> columns, rows;
  static thread_local std::vector<Dtype> stretched[2];
  MakeTaps(box.width, size.width, &columns);
  MakeTaps(box.height, size.height, &rows);
  for (auto& row : stretched) row.resize(size.width);
  for (int c = 0; c < image.channels; ++c) {
    const Pixel* plane = image.data + c * image.channel_stride + box.top * image.row_stride +
                         box.left * image.column_stride;
    // Source rows stretched to the new width, kept from one output row to the next.
    int held[2] = {-1, -1};
    const auto row_at = [&](int y, int other) {
      int slot = held[0] == y ? 0 : held[1] == y ? 1 : -1;
      if (slot < 0) {
        slot = held[0] == other ? 1 : 0;
        held[slot] = y;
        const Pixel* from = plane + y * image.row_stride;
        for (int x = 0; x < size.width; ++x) {
          const Tap<Dtype>& tap = columns[x];
          const Dtype a = static_cast<Dtype>(from[tap.first * image.column_stride]);
          const Dtype b = static_cast<Dtype>(from[tap.second * image.column_stride]);
          stretched[slot][x] = a + (b - a) * tap.share;
        }
      }
      return stretched[slot].data();
    };
    for (const Tap<Dtype>& tap : rows) {
      const Dtype* above = row_at(tap.first, tap.second);
      const Dtype* below = row_at(tap.second, tap.first);
      for (int x = 0; x < size.width; ++x) {
        out[x] = above[x] + (below[x] - above[x]) * tap.share;
      }
      out += size.width;
    }
  }
}

template <typename Pixel, typename Dtype>
void PlaceImage(const ImageView<Pixel>& image, const ImagePlacement& placement,
                const ChannelValues<Dtype>* channel, const Dtype* mean_image, Dtype* out) {
  const ImageBox& box = placement.box;
  const ImageSize size = placement.resized;
  if (box.height == size.height && box.width == size.width) {
    ImageView<Pixel> part = image;
    part.data += box.top * image.row_stride + box.left * image.column_stride;
    part.height = size.height;
    part.width = size.width;
    PlaceInSize(part, placement, channel, mean_image, out);
    return;
  }
  static thread_local std::vector<Dtype> resized;
  const int64_t plane = int64_t(size.height) * size.width;
  resized.resize(plane * image.channels);
  ResizeImage(image, box, size, resized.data());
  const ImageView<Dtype> view{
      resized.data(), image.channels, size.height, size.width, plane, size.width, 1};
  PlaceInSize(view, placement, channel, mean_image, out);
}

#define INSTANTIATE(Pixel, Dtype)                                                              \
  template void ResizeImage<Pixel, Dtype>(const ImageView<Pixel>&, const ImageBox&, ImageSize, \
                                          Dtype*);                                             \
  template void PlaceImage<Pixel, Dtype>(const ImageView<Pixel>&, const ImagePlacement&,       \
                                         const ChannelValues<Dtype>*, const Dtype*, Dtype*)
INSTANTIATE(uint8_t, float);
INSTANTIATE(uint8_t, double);
INSTANTIATE(float, float);
INSTANTIATE(float, double);
INSTANTIATE(double, double);
#undef INSTANTIATE

}  // namespace caffe
