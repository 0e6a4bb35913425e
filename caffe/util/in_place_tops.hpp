#ifndef CAFFE_UTIL_IN_PLACE_TOPS_HPP_
#define CAFFE_UTIL_IN_PLACE_TOPS_HPP_

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Changes a net's definition so that every gradient finds the values that it is computed from.
///
/// A layer whose backward pass reads its own result (TanH, Softmax, an in-place ReLU, ...) gets
/// wrong gradients where a later layer that works in place overwrites it. That later layer then
/// gets a bottom of its own, "<blob>_before_<layer>", which costs the memory of one blob; the
/// blob's name stays with the last values, as if the layer worked in place. What Caffe's usual runs
/// (BatchNorm, Scale, ReLU, Dropout in place) overwrite, nobody reads again: they stay as they are.
/// So do the results of layers that are not built in, whose needs nobody knows.
///
/// Throws Error where a layer works in place whose type cannot.
/// @param backward  whether the net will run backward; if not, nothing is changed
void SeparateOverwrittenTops(bool backward, NetParameter* net);

}  // namespace caffe

#endif  // CAFFE_UTIL_IN_PLACE_TOPS_HPP_
