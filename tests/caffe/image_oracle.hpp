#ifndef TESTS_CAFFE_IMAGE_ORACLE_HPP_
#define TESTS_CAFFE_IMAGE_ORACLE_HPP_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "caffe/proto/caffe.pb.h"
#include "caffe/util/philox.hpp"

namespace caffe {

/// The oracle: every step makes a whole new image, pixel by pixel.
struct Image {
  int channels, height, width;
  std::function<double(int c, int y, int x)> at;
};

/// The image with all its pixels computed, so that steps do not pile up.
inline Image Computed(const Image& image) {
  auto pixels = std::make_shared<std::vector<double>>();
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) pixels->push_back(image.at(c, y, x));
    }
  }
  const int height = image.height, width = image.width;
  return {image.channels, height, width,
          [=](int c, int y, int x) { return (*pixels)[(c * height + y) * width + x]; }};
}

inline Image FromDatum(const Datum& datum) {
  const int height = datum.height(), width = datum.width();
  return Computed({datum.channels(), height, width, [&](int c, int y, int x) {
                     const int i = (c * height + y) * width + x;
                     return datum.data().empty()
                                ? double(datum.float_data(i))
                                : double(static_cast<unsigned char>(datum.data()[i]));
                   }});
}

inline Image Crop(const Image& from, int top, int left, int height, int width) {
  return Computed({from.channels, height, width, [&](int c, int y, int x) {
                     const int sy = y + top, sx = x + left;
                     const bool inside = sy >= 0 && sx >= 0 && sy < from.height && sx < from.width;
                     return inside ? from.at(c, sy, sx) : 0.0;
                   }});
}

inline Image Resize(const Image& from, int height, int width) {
  const auto place = [](int i, int to, int size) {
    return std::min(std::max((i + 0.5) * size / to - 0.5, 0.0), size - 1.0);
  };
  return Computed({from.channels, height, width, [&](int c, int y, int x) {
                     const double py = place(y, height, from.height);
                     const double px = place(x, width, from.width);
                     const int y0 = int(std::floor(py)), x0 = int(std::floor(px));
                     const int y1 = std::min(y0 + 1, from.height - 1);
                     const int x1 = std::min(x0 + 1, from.width - 1);
                     const double fy = py - y0, fx = px - x0;
                     return (1 - fy) * ((1 - fx) * from.at(c, y0, x0) + fx * from.at(c, y0, x1)) +
                            fy * ((1 - fx) * from.at(c, y1, x0) + fx * from.at(c, y1, x1));
                   }});
}

inline Image Mirror(const Image& from) {
  return Computed({from.channels, from.height, from.width,
                   [&](int c, int y, int x) { return from.at(c, y, from.width - 1 - x); }});
}

/// NaN where the source position is too near to a border between pixels to be told apart.
inline Image Rotate(const Image& from, double degrees) {
  const double angle = degrees * M_PI / 180, middle_y = from.height / 2.0,
               middle_x = from.width / 2.0;
  return Computed({from.channels, from.height, from.width, [&](int c, int y, int x) {
                     const double dx = x + 0.5 - middle_x, dy = y + 0.5 - middle_y;
                     const double sx = std::cos(angle) * dx - std::sin(angle) * dy + middle_x;
                     const double sy = std::sin(angle) * dx + std::cos(angle) * dy + middle_y;
                     if (std::abs(sx - std::round(sx)) < 1e-4 ||
                         std::abs(sy - std::round(sy)) < 1e-4) {
                       return std::nan("");
                     }
                     const int iy = int(std::floor(sy)), ix = int(std::floor(sx));
                     const bool inside = iy >= 0 && ix >= 0 && iy < from.height && ix < from.width;
                     return inside ? from.at(c, iy, ix) : 0.0;
                   }});
}

/// The draws of an image, in the sequence that the transformer documents.
struct Draws {
  const Philox& philox;
  int below(int word, int n) const { return int(philox.u32(word) % n); }
  double uniform(int word) const { return below(word, 1 << 24) / double(1 << 24); }
};

inline Image RandomBoxed(const Image& image, const RandomResizedCropParameter& param, int height,
                         int width, const Draws& draws) {
  for (int i = 0; i < 10; ++i) {
    const int word = 4 + 4 * i;
    const double area =
        double(image.height) * image.width *
        (param.min_scale() + (double(param.max_scale()) - param.min_scale()) * draws.uniform(word));
    const double low = std::log(param.min_ratio()), high = std::log(param.max_ratio());
    const double ratio = std::exp(low + (high - low) * draws.uniform(word + 1));
    const int w = int(std::lround(std::sqrt(area * ratio)));
    const int h = int(std::lround(std::sqrt(area / ratio)));
    if (w < 1 || h < 1 || w > image.width || h > image.height) continue;
    const int top = draws.below(word + 2, image.height - h + 1);
    const int left = draws.below(word + 3, image.width - w + 1);
    return Resize(Crop(image, top, left, h, w), height, width);
  }
  ADD_FAILURE() << "the test's own images always have a box";
  return image;
}

inline Image Augmented(const Datum& datum, const TransformationParameter& param, Phase phase,
                       const Draws& draws) {
  Image image = FromDatum(datum);
  const bool train = phase == TRAIN;
  const int crop = int(param.crop_size());
  const bool boxed = train && param.has_random_resized_crop_param();
  if (boxed) {
    const int height = crop > 0 ? crop : int(param.new_height());
    const int width = crop > 0 ? crop : int(param.new_width());
    image = RandomBoxed(image, param.random_resized_crop_param(), height, width, draws);
  } else if (param.new_height() > 0) {
    image = Resize(image, int(param.new_height()), int(param.new_width()));
  }
  if (crop > 0 && !boxed) {
    const int pad = train ? int(param.pad()) : 0;
    image = Crop(image, -pad, -pad, image.height + 2 * pad, image.width + 2 * pad);
    const int room_y = image.height - crop, room_x = image.width - crop;
    const int top = train ? draws.below(1, room_y + 1) : room_y / 2;
    const int left = train ? draws.below(2, room_x + 1) : room_x / 2;
    image = Crop(image, top, left, crop, crop);
  }
  if (param.mirror() && draws.below(0, 2) == 1) image = Mirror(image);
  if (train && param.rotation() > 0) {
    image = Rotate(image, (2 * draws.uniform(3) - 1) * param.rotation());
  }
  return image;
}

}  // namespace caffe

#endif  // TESTS_CAFFE_IMAGE_ORACLE_HPP_
