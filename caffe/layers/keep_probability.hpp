#ifndef CAFFE_KEEP_PROBABILITY_HPP_
#define CAFFE_KEEP_PROBABILITY_HPP_

#include <cstdint>

#include "caffe/error.hpp"
#include "caffe/training_position.hpp"

namespace caffe {

/// The field `keep` of a layer, checked.
template <typename Param>
double KeepProbability(const Param& param) {
  Require(param.keep() > 0 && param.keep() <= 1, "keep is ", param.keep(),
          ", but has to be above 0 and at most 1");
  return param.keep();
}

/// The share of its drop rate that branch `depth` of `depths` has: linear decay of the keep
/// probability over the depth of a net.
/// Source: Huang et al., "Deep networks with stochastic depth", 2016, equation 4.
template <typename Param>
double DepthShare(const Param& param) {
  Require(param.depth() >= 1 && param.depth() <= param.depths(), "depth is ", param.depth(),
          ", but has to be at least 1 and at most depths, ", param.depths());
  return double(param.depth()) / param.depths();
}

/// How much of its drop rate a layer has reached: a straight line from 0, at start_iter, to 1, at
/// end_iter; 1 without `scheduled`, and where no solver runs the net.
class DropRamp {
 public:
  DropRamp() = default;

  template <typename Param>
  explicit DropRamp(const Param& param)
      : scheduled_(param.scheduled()),
        start_(param.start_iter()),
        end_(param.has_end_iter() ? int64_t(param.end_iter()) : kEndOfTraining) {
    Require(start_ >= 0, "start_iter is ", start_, ", but must not be negative");
    Require(!param.has_end_iter() || end_ > start_, "end_iter is ", param.end_iter(),
            ", but has to be above start_iter, ", start_);
  }

  double At(const TrainingPosition& position) const {
    if (!scheduled_ || position.iteration < 0) return 1;
    const int64_t end = end_ == kEndOfTraining ? position.iterations : end_;
    if (position.iteration >= end) return 1;
    if (position.iteration <= start_) return 0;
    return double(position.iteration - start_) / double(end - start_);
  }

 private:
  static constexpr int64_t kEndOfTraining = -1;

  bool scheduled_ = false;
  int64_t start_ = 0;
  int64_t end_ = kEndOfTraining;
};

}  // namespace caffe

#endif  // CAFFE_KEEP_PROBABILITY_HPP_
