#ifndef CAFFE_SOLVER_UPDATE_RULE_HPP_
#define CAFFE_SOLVER_UPDATE_RULE_HPP_

#include <cstdint>

#include "caffe/device/device.hpp"

namespace caffe {

/// The element-wise rules that turn a gradient into what is subtracted from a weight. A rule
/// is a functor
///
///   T operator()(T g, T eta, T& h) const
///
/// of the gradient g (clipped, averaged, with weight decay), the learning rate eta and the
/// weight's history h, which it brings up to date; it returns D, and the driver does w -= D.

/// h <- momentum * h + eta * g;  D = h.
template <typename T>
struct SgdRule {
  T momentum;
  CAFFE_HD T operator()(T g, T eta, T& h) const {
    h = momentum * h + eta * g;
    return h;
  }
};

/// h' = momentum * h + eta * g;  D = (1 + momentum) * h' - momentum * h;  h <- h'.
template <typename T>
struct NesterovRule {
  T momentum;
  CAFFE_HD T operator()(T g, T eta, T& h) const {
    const T next = momentum * h + eta * g;
    const T update = (T(1) + momentum) * next - momentum * h;
    h = next;
    return update;
  }
};

/// Which rule, and its constants.
struct UpdateRule {
  enum class Kind : int32_t { kSgd, kNesterov };
  Kind kind = Kind::kSgd;
  double momentum = 0;
};

/// The penalty whose gradient is added: decay * w (L2), decay * sign(w) (L1).
enum class Regularization : int32_t { kL2, kL1 };

/// g + gradient of the penalty; sign(0) = 0.
template <typename T>
CAFFE_HD inline T AddDecay(T g, T w, T decay, Regularization kind) {
  if (kind == Regularization::kL2) return g + decay * w;
  return g + decay * (T(w > T(0)) - T(w < T(0)));
}

}  // namespace caffe

#endif  // CAFFE_SOLVER_UPDATE_RULE_HPP_
