#ifndef CAFFE_SOLVER_UPDATE_ELEMENT_HPP_
#define CAFFE_SOLVER_UPDATE_ELEMENT_HPP_

#include "solver/fused_update_kernels.hpp"

namespace caffe {

CAFFE_HD inline bool KeepBit(const uint32_t* words, int32_t channel) {
  return words[channel >> 5] >> (channel & 31) & 1;
}

/// The maths of one element, the same for every traversal and both devices.
/// @tparam kL1  false where l1_decay is known to be 0
template <typename RuleType, typename T, bool kL1 = true>
struct UpdateElement {
  using Rule = RuleType;
  Rule rule;
  T gradient_scale;
  T l2_decay, l1_decay;

  CAFFE_HD UpdateElement(const UpdateStep<T>& step, const UpdateSlot<T>& slot,
                         const SlotStep<T>& slot_step)
      : rule(step.constants, step.rate * slot.lr_mult),
        gradient_scale(step.gradient_scale * slot_step.gradient_factor),
        l2_decay(slot.l2_decay),
        l1_decay(slot.l1_decay) {}

  /// What is to be subtracted from w; brings the history up to date.
  /// @param history  Rule::kHistory numbers
  template <typename... History>
  CAFFE_HD T operator()(T w, T g, History&... history) const {
    T gradient = g * gradient_scale + l2_decay * w;
    if constexpr (kL1) {
      const T sign = T(w > T(0)) - T(w < T(0));
      gradient += l1_decay * sign;
    }
    return rule(gradient, history...);
  }
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_UPDATE_ELEMENT_HPP_
