#ifndef CAFFE_UTIL_DROPPED_TOPS_HPP_
#define CAFFE_UTIL_DROPPED_TOPS_HPP_

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Throws Error if a layer that the net's state keeps reads a blob that only layers make which the
/// state leaves out; the message names such a layer, its rules and the state.
/// @param all   the whole definition; its state is the one that filtered it
/// @param kept  what Net::FilterNet left of it
void CheckDroppedTops(const NetParameter& all, const NetParameter& kept);

}  // namespace caffe

#endif  // CAFFE_UTIL_DROPPED_TOPS_HPP_
