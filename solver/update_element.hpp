#ifndef CAFFE_SOLVER_UPDATE_ELEMENT_HPP_
#define CAFFE_SOLVER_UPDATE_ELEMENT_HPP_

#include "solver/fused_update_kernels.hpp"

namespace caffe {

CAFFE_HD inline bool KeepBit(const uint32_t* words, int32_t channel) {
  return words[channel >> 5] >> (channel & 31) & 1;
}

/// The maths of one element, the same for every traversal and both devices.
template <typename RuleType, typename T>
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

  /// What is to be subtracted from w; brings the history h up to date.
  CAFFE_HD T operator()(T w, T g, T* h) const {
    const T sign = T(w > T(0)) - T(w < T(0));
    return rule(g * gradient_scale + l2_decay * w + l1_decay * sign, h);
  }
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_UPDATE_ELEMENT_HPP_
