#ifndef CAFFE_SOLVER_PIPELINE_KERNELS_HPP_
#define CAFFE_SOLVER_PIPELINE_KERNELS_HPP_

#include <cstdint>

#include "solver/update_rule.hpp"

namespace caffe {

/// The steps of Caffe's update pipeline, one parameter at a time, for solvers that override
/// some of them. The library's own solvers do all of it in one pass, fused_update.

/// g[i] += gradient of the penalty at w[i].
template <typename Device, typename Dtype>
void add_decay(int64_t n, Regularization kind, Dtype decay, const Dtype* w, Dtype* g);

/// g[i] = what the rule subtracts from the weight; h[i] becomes the new history.
template <typename Device, typename Dtype>
void apply_rule(int64_t n, const UpdateRule& rule, Dtype eta, Dtype* g, Dtype* h);

/// update[i] = 0 where the keep bit of channel (i / inner) % channels is not set.
/// @param keep_words  the layer's first word, where the device can read it
template <typename Device, typename Dtype>
void mask_update(int64_t n, int64_t inner, int64_t channels, const uint32_t* keep_words,
                 Dtype* update);

}  // namespace caffe

#endif  // CAFFE_SOLVER_PIPELINE_KERNELS_HPP_
