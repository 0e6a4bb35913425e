#ifndef CAFFE_NATIVE_APPLY_ACTIVATION_HPP_
#define CAFFE_NATIVE_APPLY_ACTIVATION_HPP_

#include <cstdint>

#include "caffe/native/activation.hpp"

namespace caffe {

/// y = activation(y + residual), on this thread.
/// @param residual  may be null
template <typename Dtype>
void ApplyActivation(const Activation& activation, int64_t count, const Dtype* residual, Dtype* y);

}  // namespace caffe

#endif  // CAFFE_NATIVE_APPLY_ACTIVATION_HPP_
