#ifndef CAFFE_SOLVER_UPDATE_RULE_HPP_
#define CAFFE_SOLVER_UPDATE_RULE_HPP_

#include <cmath>
#include <cstdint>

#include "caffe/device/device.hpp"

namespace caffe {

/// The element-wise rules that turn a gradient into what is subtracted from a weight. A rule
/// is a functor, made from the constants of the run and the learning rate eta,
///
///   static constexpr int kHistory             numbers that it remembers of each weight
///   Rule(const RuleConstants<T>&, T eta)
///   T operator()(T g, T& h) const             or, with two numbers, (T g, T& a, T& b)
///
/// of the gradient g (clipped, averaged, with weight decay) and the weight's history, which it
/// brings up to date; it returns D, and the driver does w -= D.

/// The most numbers that a rule remembers of a weight.
constexpr int kMaxHistory = 2;

template <typename T>
struct RuleConstants {
  T momentum, momentum2, rms_decay, delta;
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

  CAFFE_HD T operator()(T g, T& h) const {
    h = momentum * h + inside * g;
    return outside * h;
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

  CAFFE_HD T operator()(T g, T& h) const {
    const T next = momentum * h + inside * g;
    const T update = (T(1) + momentum) * next - momentum * h;
    h = next;
    return outside * update;
  }
};

/// h <- h + g^2;  D = eta * g / (sqrt(h) + delta).
/// Source: Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011.
template <typename T>
struct AdaGradRule {
  static constexpr int kHistory = 1;
  T eta, delta;

  CAFFE_HD AdaGradRule(const RuleConstants<T>& constants, T eta)
      : eta(eta), delta(constants.delta) {}

  CAFFE_HD T operator()(T g, T& h) const {
    h = h + g * g;
    return eta * (g / (std::sqrt(h) + delta));
  }
};

/// h <- r * h + (1 - r) * g^2, r = rms_decay;  D = eta * g / (sqrt(h) + delta).
/// Source: Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012.
template <typename T>
struct RmsPropRule {
  static constexpr int kHistory = 1;
  T eta, decay, delta;

  CAFFE_HD RmsPropRule(const RuleConstants<T>& constants, T eta)
      : eta(eta), decay(constants.rms_decay), delta(constants.delta) {}

  CAFFE_HD T operator()(T g, T& h) const {
    h = decay * h + (T(1) - decay) * (g * g);
    return eta * (g / (std::sqrt(h) + delta));
  }
};

/// a <- m * a + (1 - m) * g^2;  u = g * sqrt((b + delta) / (a + delta));
/// b <- m * b + (1 - m) * u^2;  D = eta * u.
/// Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
template <typename T>
struct AdaDeltaRule {
  static constexpr int kHistory = 2;
  T eta, momentum, delta;

  CAFFE_HD AdaDeltaRule(const RuleConstants<T>& constants, T eta)
      : eta(eta), momentum(constants.momentum), delta(constants.delta) {}

  CAFFE_HD T operator()(T g, T& a, T& b) const {
    a = momentum * a + (T(1) - momentum) * (g * g);
    const T update = g * std::sqrt((b + delta) / (a + delta));
    b = momentum * b + (T(1) - momentum) * (update * update);
    return eta * update;
  }
};

/// m <- b1 * m + (1 - b1) * g;  v <- b2 * v + (1 - b2) * g^2, b1 = momentum, b2 = momentum2;
/// D = eta * m / (sqrt(v) + delta), where eta holds the correction of the bias (RateFactor).
/// Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
template <typename T>
struct AdamRule {
  static constexpr int kHistory = 2;
  T eta, beta1, beta2, delta;

  CAFFE_HD AdamRule(const RuleConstants<T>& constants, T eta)
      : eta(eta), beta1(constants.momentum), beta2(constants.momentum2), delta(constants.delta) {}

  CAFFE_HD T operator()(T g, T& m, T& v) const {
    m = beta1 * m + (T(1) - beta1) * g;
    v = beta2 * v + (T(1) - beta2) * (g * g);
    return eta * (m / (std::sqrt(v) + delta));
  }
};

/// Which rule, and its constants; see SolverParameter.
struct UpdateRule {
  enum class Kind : int32_t { kSgd, kNesterov, kAdaGrad, kRmsProp, kAdaDelta, kAdam };
  Kind kind = Kind::kSgd;
  double momentum = 0;
  double momentum2 = 0.999f;
  double rms_decay = 0.99f;
  double delta = 1e-8f;
  /// V = m V + g and w -= eta V, instead of V = m V + eta g and w -= V.
  bool rate_outside = false;

  template <typename T>
  RuleConstants<T> constants() const {
    return {static_cast<T>(momentum), static_cast<T>(momentum2), static_cast<T>(rms_decay),
            static_cast<T>(delta), static_cast<T>(rate_outside)};
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
