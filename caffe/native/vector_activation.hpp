#ifndef CAFFE_NATIVE_VECTOR_ACTIVATION_HPP_
#define CAFFE_NATIVE_VECTOR_ACTIVATION_HPP_

#include "caffe/native/activation.hpp"

// Activations of whole vectors, for the files that are compiled once for each instruction set.
// Everything is local to the file that includes it, so that no linker can keep the copy of an
// instruction set that the processor lacks. V is a vector of floats.

namespace caffe {
namespace {

/// A kind of activation that is known when the code is compiled.
template <Activation::Kind kKind>
struct KindIs {
  static constexpr Activation::Kind kind = kKind;
};

/// Calls f(KindIs<kind>()).
template <typename F>
inline void WithKind(Activation::Kind kind, const F& f) {
  using Kind = Activation::Kind;
  switch (kind) {
    case Kind::kNone:
      return f(KindIs<Kind::kNone>());
    case Kind::kRelu:
      return f(KindIs<Kind::kRelu>());
    case Kind::kRelu6:
      return f(KindIs<Kind::kRelu6>());
    case Kind::kClip:
      return f(KindIs<Kind::kClip>());
    case Kind::kSwish:
      return f(KindIs<Kind::kSwish>());
  }
}

/// 2^n for n in [-126, 127].
template <typename V, typename Ints>
[[gnu::always_inline]] inline V PowersOfTwo(V, Ints n) {
  return (V)((n + 127) << 23);
}

/// e^x to about 1e-7 of its value: 2^n e^r, and a polynomial for e^r; the numbers are those of
/// caffe/util/fast_math.hpp.
template <typename V>
[[gnu::always_inline]] inline V Exp(V x) {
  x = x < -87.33f ? V{} - 87.33f : x;
  x = x > 88.73f ? V{} + 88.73f : x;
  // To the nearest whole number: what is this large has no fraction.
  const float large = 12582912.0f;
  const V n = (x * 1.44269504f + large) - large;
  const V r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  V p = V{} + 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const V power = p * r * r + r + 1.0f;
  // In two steps, as 2^128 is no float of its own.
  const auto whole = __builtin_convertvector(n, decltype(x < x));
  const auto half = whole / 2;
  return power * PowersOfTwo(x, half) * PowersOfTwo(x, whole - half);
}

template <typename V>
[[gnu::always_inline]] inline V Sigmoid(V x) {
  return 1.0f / (1.0f + Exp(-x));
}

/// Comparisons are written so that a NaN stays one.
template <Activation::Kind kKind, typename V>
[[gnu::always_inline]] inline V Activate(const Activation& activation, V x) {
  using Kind = Activation::Kind;
  if constexpr (kKind == Kind::kRelu) {
    return x <= 0.0f ? V{} : x;
  } else if constexpr (kKind == Kind::kRelu6) {
    const V above = x <= 0.0f ? V{} : x;
    return above >= 6.0f ? V{} + 6.0f : above;
  } else if constexpr (kKind == Kind::kClip) {
    const V above = x <= activation.low ? V{} + activation.low : x;
    return above >= activation.high ? V{} + activation.high : above;
  } else if constexpr (kKind == Kind::kSwish) {
    return x * Sigmoid(activation.beta * x);
  } else {
    return x;
  }
}

/// g times the slope at x. For kRelu and kRelu6 x may also be the result there.
template <Activation::Kind kKind, typename V>
[[gnu::always_inline]] inline V TimesSlope(const Activation& activation, V x, V g) {
  using Kind = Activation::Kind;
  if constexpr (kKind == Kind::kRelu) {
    return x <= 0.0f ? V{} : g;
  } else if constexpr (kKind == Kind::kRelu6) {
    return (x <= 0.0f) | (x >= 6.0f) ? V{} : g;
  } else if constexpr (kKind == Kind::kClip) {
    return (x < activation.low) | (x > activation.high) ? V{} : g;
  } else if constexpr (kKind == Kind::kSwish) {
    const V s = Sigmoid(activation.beta * x);
    return g * (s + activation.beta * x * s * (1.0f - s));
  } else {
    return g;
  }
}

}  // namespace
}  // namespace caffe

#endif  // CAFFE_NATIVE_VECTOR_ACTIVATION_HPP_
