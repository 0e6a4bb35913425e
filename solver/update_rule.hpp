#ifndef CAFFE_SOLVER_UPDATE_RULE_HPP_
#define CAFFE_SOLVER_UPDATE_RULE_HPP_

#include <cstdint>

#include "caffe/device/device.hpp"

namespace caffe {

/// The element-wise rules that turn a gradient into what is subtracted from a weight. A rule
/// is a functor, made from the constants of the run and the learning rate eta,
///
///   static constexpr int kHistory             numbers that it remembers of each weight
///   Rule(const RuleConstants<T>&, T eta)
///   T operator()(T g, T* h) const
///
/// of the gradient g (clipped, averaged, with weight decay) and the weight's history h, which
/// it brings up to date; it returns D, and the driver does w -= D.

/// The most numbers that a rule remembers of a weight.
constexpr int kMaxHistory = 2;

template <typename T>
struct RuleConstants {
  T momentum;
  T rate_outside;  // 1: the learning rate multiplies the velocity, 0: the gradient in it
};

/// h <- momentum * h + eta * g;  D = h.
/// With the rate outside:  h <- momentum * h + g;  D = eta * h.
template <typename T>
struct SgdRule {
  static constexpr int kHistory = 1;
  T momentum, inside, outside;

  CAFFE_HD SgdRule(const RuleConstants<T>& constants, T eta)
      : momentum(constants.momentum),
        inside(constants.rate_outside != T(0) ? T(1) : eta),
        outside(constants.rate_outside != T(0) ? eta : T(1)) {}

  CAFFE_HD T operator()(T g, T* h) const {
    h[0] = momentum * h[0] + inside * g;
    return outside * h[0];
  }
};

/// h' = momentum * h + eta * g;  D = (1 + momentum) * h' - momentum * h;  h <- h'.
/// With the rate outside:  h' = momentum * h + g, and D is multiplied by eta.
template <typename T>
struct NesterovRule {
  static constexpr int kHistory = 1;
  T momentum, inside, outside;

  CAFFE_HD NesterovRule(const RuleConstants<T>& constants, T eta)
      : momentum(constants.momentum),
        inside(constants.rate_outside != T(0) ? T(1) : eta),
        outside(constants.rate_outside != T(0) ? eta : T(1)) {}

  CAFFE_HD T operator()(T g, T* h) const {
    const T next = momentum * h[0] + inside * g;
    const T update = (T(1) + momentum) * next - momentum * h[0];
    h[0] = next;
    return outside * update;
  }
};

/// Which rule, and its constants.
struct UpdateRule {
  enum class Kind : int32_t { kSgd, kNesterov };
  Kind kind = Kind::kSgd;
  double momentum = 0;
  /// V = m V + g and w -= eta V, instead of V = m V + eta g and w -= V.
  bool rate_outside = false;

  template <typename T>
  RuleConstants<T> constants() const {
    return {static_cast<T>(momentum), static_cast<T>(rate_outside)};
  }
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
