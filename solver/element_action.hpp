#ifndef CAFFE_SOLVER_ELEMENT_ACTION_HPP_
#define CAFFE_SOLVER_ELEMENT_ACTION_HPP_

#include <cstdint>

namespace caffe {

/// What an iteration does to a weight: any combination of the three.
enum ElementAction : int32_t {
  /// Neither the weight nor its history changes.
  kStandStill = 0,
  /// The rule sees the gradient; else a gradient of 0, to which the weight decay is added.
  kTakeGradient = 1,
  /// The rule brings the history up to date.
  kRenewHistory = 2,
  /// What the rule returns is subtracted from the weight.
  kMoveWeight = 4,
  kWholeUpdate = kTakeGradient | kRenewHistory | kMoveWeight,
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_ELEMENT_ACTION_HPP_
