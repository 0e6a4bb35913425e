#ifndef CAFFE_NATIVE_WINOGRAD_CHOICE_HPP_
#define CAFFE_NATIVE_WINOGRAD_CHOICE_HPP_

#include "caffe/native/conv_engine.hpp"

namespace caffe::winograd {

/// The passes of a convolution that are computed by Winograd's method.
struct Passes {
  bool forward = false;
  bool data = false;
  bool weights = false;
};

/// Whether this is a 3x3 convolution of stride 1 in two dimensions, undilated and ungrouped.
bool Possible(const ConvShape& shape);

/// The passes where Winograd's method is faster than oneDNN's direct convolution.
Passes FasterPasses(const ConvShape& shape);

/// Whether a part of the weights' gradient costs less than all of it.
/// @param lanes  channels in a block
bool PartPays(const ConvShape& shape, const WeightsPart& part, int lanes);

}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_CHOICE_HPP_
