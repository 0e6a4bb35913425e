#ifndef CAFFE_FUNCTIONS_HPP_
#define CAFFE_FUNCTIONS_HPP_

#include "caffe/util/fast_math.hpp"

namespace caffe {

/// The functions of element-wise layers. A NaN passes through each of them: comparisons are written
/// for that. Each has
///
///   T value(T x) const             y = f(x)
///   T slope(T x, T y) const        f'(x)
///   static constexpr bool kSlopeFromValue   whether slope looks at y alone

/// y = 1 / (1 + e^-x).
template <class T>
struct SigmoidFunction {
  static constexpr bool kSlopeFromValue = true;
  CAFFE_HD T value(T x) const { return T(1) / (T(1) + FastExp(-x)); }
  CAFFE_HD T slope(T, T y) const { return y * (T(1) - y); }
};

/// y = tanh x.
template <class T>
struct TanHFunction {
  static constexpr bool kSlopeFromValue = true;
  CAFFE_HD T value(T x) const { return FastTanh(x); }
  CAFFE_HD T slope(T, T y) const { return T(1) - y * y; }
};

/// y = x for x > 0, else alpha (e^x - 1); alpha >= 0.
template <class T>
struct ELUFunction {
  static constexpr bool kSlopeFromValue = true;
  T alpha;
  CAFFE_HD T value(T x) const {
    const T negative = alpha * (FastExp(x < T(0) ? x : T(0)) - T(1));
    return x <= T(0) ? negative : x;
  }
  CAFFE_HD T slope(T, T y) const { return y > T(0) ? T(1) : alpha + y; }
};

/// y = base^(shift + scale x) = e^(offset + factor x).
template <class T>
struct ExpFunction {
  static constexpr bool kSlopeFromValue = true;
  T offset, factor;
  CAFFE_HD T value(T x) const { return FastExp(offset + factor * x); }
  CAFFE_HD T slope(T, T y) const { return factor * y; }
};

/// y = x sigmoid(beta x).
template <class T>
struct SwishFunction {
  static constexpr bool kSlopeFromValue = false;
  T beta;
  CAFFE_HD T value(T x) const { return x * SigmoidFunction<T>().value(beta * x); }
  CAFFE_HD T slope(T x, T) const {
    const T s = SigmoidFunction<T>().value(beta * x);
    return s + beta * x * s * (T(1) - s);
  }
};

/// y = x limited to [low, high]; the slope is 1 on the bounds.
template <class T>
struct ClipFunction {
  static constexpr bool kSlopeFromValue = false;
  T low, high;
  CAFFE_HD T value(T x) const {
    const T above = x <= low ? low : x;
    return above >= high ? high : above;
  }
  CAFFE_HD T slope(T x, T) const { return x < low || x > high ? T(0) : T(1); }
};

/// y = min(max(x, 0), 6); the slope is 0 on the bounds, which makes it a matter of y.
template <class T>
struct ReLU6Function {
  static constexpr bool kSlopeFromValue = true;
  CAFFE_HD T value(T x) const { return ClipFunction<T>{T(0), T(6)}.value(x); }
  CAFFE_HD T slope(T, T y) const { return y <= T(0) || y >= T(6) ? T(0) : T(1); }
};

/// y = x P(X <= x), X standard normal.
template <class T>
struct GELUFunction {
  static constexpr bool kSlopeFromValue = false;
  static CAFFE_HD T Cumulative(T x) {
    return T(0.5) * (T(1) + FastErf(x * T(0.70710678118654752)));
  }
  CAFFE_HD T value(T x) const { return x * Cumulative(x); }
  CAFFE_HD T slope(T x, T) const {
    const T density = T(0.39894228040143268) * FastExp(T(-0.5) * x * x);
    return Cumulative(x) + x * density;
  }
};

/// y = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
template <class T>
struct TanhGELUFunction {
  static constexpr bool kSlopeFromValue = false;
  static constexpr double kRoot = 0.79788456080286536;
  static constexpr double kCubic = 0.044715;
  CAFFE_HD T value(T x) const {
    return T(0.5) * x * (T(1) + FastTanh(T(kRoot) * (x + T(kCubic) * x * x * x)));
  }
  CAFFE_HD T slope(T x, T) const {
    const T t = FastTanh(T(kRoot) * (x + T(kCubic) * x * x * x));
    const T inner = T(kRoot) * (T(1) + T(3 * kCubic) * x * x);
    return T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * inner;
  }
};

/// y = |x|; the slope at 0 is 0.
template <class T>
struct AbsValFunction {
  static constexpr bool kSlopeFromValue = false;
  CAFFE_HD T value(T x) const { return x < T(0) ? -x : x; }
  CAFFE_HD T slope(T x, T) const { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x; }
};

/// y = log(1 + e^x).
template <class T>
struct BNLLFunction {
  static constexpr bool kSlopeFromValue = false;
  CAFFE_HD T value(T x) const {
    const T magnitude = x < T(0) ? -x : x;
    return (x > T(0) ? x : T(0)) + log(T(1) + FastExp(-magnitude));
  }
  CAFFE_HD T slope(T x, T) const { return SigmoidFunction<T>().value(x); }
};

/// y = log_base(shift + scale x) = factor log(shift + scale x).
template <class T>
struct LogFunction {
  static constexpr bool kSlopeFromValue = false;
  T shift, scale, factor;
  CAFFE_HD T value(T x) const { return factor * log(shift + scale * x); }
  CAFFE_HD T slope(T x, T) const { return factor * scale / (shift + scale * x); }
};

/// y = (shift + scale x)^power.
template <class T>
struct PowerFunction {
  static constexpr bool kSlopeFromValue = false;
  T power, scale, shift;
  CAFFE_HD T value(T x) const { return pow(shift + scale * x, power); }
  CAFFE_HD T slope(T x, T) const { return power * scale * pow(shift + scale * x, power - T(1)); }
};

/// y = shift + scale x.
template <class T>
struct LinearFunction {
  static constexpr bool kSlopeFromValue = true;
  T scale, shift;
  CAFFE_HD T value(T x) const { return shift + scale * x; }
  CAFFE_HD T slope(T, T) const { return scale; }
};

/// y = (shift + scale x)^2.
template <class T>
struct SquareFunction {
  static constexpr bool kSlopeFromValue = false;
  T scale, shift;
  CAFFE_HD T value(T x) const { return (shift + scale * x) * (shift + scale * x); }
  CAFFE_HD T slope(T x, T) const { return T(2) * scale * (shift + scale * x); }
};

/// y = 1 for x > threshold, else 0.
template <class T>
struct ThresholdFunction {
  static constexpr bool kSlopeFromValue = true;
  T threshold;
  CAFFE_HD T value(T x) const { return x > threshold ? T(1) : (x <= threshold ? T(0) : x); }
  CAFFE_HD T slope(T, T) const { return T(0); }
};

/// M(Function) for every function above.
#define CAFFE_FOR_EACH_FUNCTION(M) \
  M(SigmoidFunction)               \
  M(TanHFunction)                  \
  M(ELUFunction)                   \
  M(ExpFunction)                   \
  M(SwishFunction)                 \
  M(ClipFunction)                  \
  M(ReLU6Function)                 \
  M(GELUFunction)                  \
  M(TanhGELUFunction)              \
  M(AbsValFunction)                \
  M(BNLLFunction)                  \
  M(LogFunction)                   \
  M(PowerFunction)                 \
  M(LinearFunction)                \
  M(SquareFunction)                \
  M(ThresholdFunction)

}  // namespace caffe

#endif  // CAFFE_FUNCTIONS_HPP_
