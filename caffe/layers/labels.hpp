#ifndef CAFFE_LABELS_HPP_
#define CAFFE_LABELS_HPP_

#include <cstdint>

#include "caffe/device/device.hpp"
#include "caffe/error.hpp"

namespace caffe {

/// A label that means "leave this one out", if there is one.
struct IgnoreLabel {
  bool given;
  int label;
  CAFFE_HD bool operator()(int value) const { return given && value == label; }
};

/// Throws Error for the first of n labels that is neither ignored nor in [0, classes).
/// Host memory only: on a GPU the check would stall the device, and losses become NaN instead.
template <typename Dtype>
void RequireLabels(int64_t n, const Dtype* labels, int64_t classes, IgnoreLabel ignored) {
  for (int64_t i = 0; i < n; ++i) {
    // The negated comparison catches NaN.
    if (!(labels[i] > Dtype(-1) && labels[i] < Dtype(classes)) &&
        !(labels[i] == labels[i] && ignored(static_cast<int>(labels[i])))) [[unlikely]] {
      throw Error("label ", labels[i], " at index ", i, " of bottom 1 is not among the ", classes,
                  " classes. Labels go from 0 to ", classes - 1,
                  ": correct the data, num_output or ignore_label");
    }
  }
}

}  // namespace caffe

#endif  // CAFFE_LABELS_HPP_
