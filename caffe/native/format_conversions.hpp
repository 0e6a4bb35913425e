#ifndef CAFFE_NATIVE_FORMAT_CONVERSIONS_HPP_
#define CAFFE_NATIVE_FORMAT_CONVERSIONS_HPP_

#include <cstdint>

namespace caffe {

/// Activations and their gradients converted so far in this process: from plain values to an
/// engine's layout, from one such layout to another, and back to plain values.
uint64_t FormatConversions();

}  // namespace caffe

#endif  // CAFFE_NATIVE_FORMAT_CONVERSIONS_HPP_
