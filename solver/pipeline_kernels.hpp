#ifndef CAFFE_SOLVER_PIPELINE_KERNELS_HPP_
#define CAFFE_SOLVER_PIPELINE_KERNELS_HPP_

#include <cstdint>

#include "solver/fused_update_kernels.hpp"
#include "solver/update_rule.hpp"

namespace caffe {

/// The steps of Caffe's update pipeline, one parameter at a time, for solvers that override
/// some of them. The library's own solvers do all of it in one pass, fused_update.

/// The keep bits of a parameter: element i has bit c % 32 of word c / 32, for channel
/// c = (i / inner) % channels. No channels: all is kept.
struct ChannelBits {
  const uint32_t* words;  // where the device can read it
  int64_t inner;
  int64_t channels;
};

/// g[i] += gradient of the penalty at w[i].
template <typename Device, typename Dtype>
void add_decay(int64_t n, Regularization kind, Dtype decay, const Dtype* w, Dtype* g);

/// The history of a parameter, an array for each number that the rule remembers of a weight.
template <typename Dtype>
struct HistoryArrays {
  Dtype* number[kMaxHistory];
};

/// g[i] = what the rule subtracts from the weight; the history becomes the new one.
template <typename Device, typename Dtype>
void apply_rule(int64_t n, const UpdateRule& rule, Dtype eta, Dtype* g,
                const HistoryArrays<Dtype>& history);

/// x[i] *= kept_factor or dropped_factor; a factor of 0 gives 0 even where x is not finite.
template <typename Device, typename Dtype>
void scale_channels(int64_t n, const ChannelBits& bits, Dtype kept_factor, Dtype dropped_factor,
                    Dtype* x);

/// x[i] = 0 where the draw for element i leaves the weight where it is.
template <typename Device, typename Dtype>
void drop_single_weights(int64_t n, const Philox& random, const WeightDraw& draw, Dtype* x);

/// x[i] = saved[i] where the bit is not set.
template <typename Device, typename Dtype>
void restore_dropped(int64_t n, const ChannelBits& bits, const Dtype* saved, Dtype* x);

}  // namespace caffe

#endif  // CAFFE_SOLVER_PIPELINE_KERNELS_HPP_
