#ifndef CAFFE_SOLVER_DROP_SCHEDULE_HPP_
#define CAFFE_SOLVER_DROP_SCHEDULE_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// A drop rate as a function of the iteration, k, counted from 0.
///
///   fixed       value
///   adaptive    initial until the learning rate falls first; after its k-th of K falls
///               initial + (final - initial) * k / K
///   reference   initial through epoch milestone[0] + 1, final / 2 through epoch
///               milestone[1] + 1, then final; epochs count from 0 and have
///               iterations_per_epoch iterations
///   linear      a straight line from initial at start_iter to final at end_iter
///   multistep   initial, then rate[i] from iteration stepvalue[i] on
///   curriculum  final * (1 - exp(-gamma * k))
///
/// Sources: paper, section 3.3 and table 6 (fixed, adaptive); its authors' published training
/// script (reference); Morerio et al., "Curriculum dropout" (curriculum).
class DropSchedule {
 public:
  /// @param field   name of the parameter, for error messages: "layer_drop_rate"
  /// @param decays  iterations at which the learning rate falls, in rising order
  /// Throws Error for an unknown policy, for a rate outside [0, 1], for a missing or
  /// contradictory value, and for adaptive without decays.
  DropSchedule(const std::string& field, const DropRateParameter& param,
               const std::vector<int64_t>& decays);

  /// In [0, 1].
  double Rate(int64_t iteration) const;

  /// The iterations after the first one at which the rate jumps, or a straight line begins or
  /// ends, in rising order.
  std::vector<int64_t> Changes() const;

  const std::string& policy() const { return policy_; }

 private:
  enum class Shape { kSteps, kLinear, kCurriculum };
  /// From iteration `begin` on the rate is `rate`.
  struct Piece {
    int64_t begin;
    double rate;
  };

  std::string field_, policy_;
  Shape shape_ = Shape::kSteps;
  std::vector<Piece> pieces_;  // kSteps; in rising order, the first begins at 0
  double initial_ = 0, final_ = 0, gamma_ = 0;
  int64_t start_iter_ = 0, end_iter_ = 0;
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_DROP_SCHEDULE_HPP_
