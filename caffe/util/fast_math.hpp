#ifndef CAFFE_UTIL_FAST_MATH_HPP_
#define CAFFE_UTIL_FAST_MATH_HPP_

#include <cmath>
#include <cstdint>
#include <cstring>

#include "caffe/device/device.hpp"

namespace caffe {

/// Elementary functions for kernels. In single precision on the CPU they are branch-free
/// polynomials, which compilers turn into vector code; elsewhere they are those of the library.

namespace fast_math {

/// 2^n for n in [-126, 127].
inline float PowerOfTwo(int32_t n) {
  const int32_t bits = (n + 127) << 23;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline float Exp(float x) {
  x = x < -87.33f ? -87.33f : x;  // the smallest normal result
  x = x > 88.73f ? 88.73f : x;    // beyond it the result is infinite
  const float n = std::nearbyint(x * 1.44269504f);
  // x - n log 2, with log 2 as the sum of two numbers
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float power = p * r * r + r + 1.0f;
  // In two steps, as 2^128 is no float of its own.
  const int32_t whole = static_cast<int32_t>(n), half = whole / 2;
  return power * PowerOfTwo(half) * PowerOfTwo(whole - half);
}

inline float Tanh(float x) {
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near_zero = p * z * x + x;
  const float magnitude = std::fabs(x);
  const float large = 1.0f - 2.0f / (Exp(2.0f * magnitude) + 1.0f);
  const float far = x < 0.0f ? -large : large;
  return magnitude < 0.625f ? near_zero : far;
}

/// The quotient of two polynomials; beyond 4 the result is 1 in single precision.
inline float Erf(float x) {
  x = x < -4.0f ? -4.0f : x;
  x = x > 4.0f ? 4.0f : x;
  const float z = x * x;
  float p = -2.72614225801306e-10f;
  p = p * z + 2.77068142495902e-08f;
  p = p * z - 2.10102402082508e-06f;
  p = p * z - 5.69250639462346e-05f;
  p = p * z - 7.34990630326855e-04f;
  p = p * z - 2.95459980854025e-03f;
  p = p * z - 1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * z - 2.13374055278905e-04f;
  q = q * z - 1.68282697438203e-03f;
  q = q * z - 7.37332916720468e-03f;
  q = q * z - 1.42647390514189e-02f;
  return p * x / q;
}

}  // namespace fast_math

// What differs between compilers stands in a namespace of its own for each of them: the linker
// keeps one of several inline functions of the same name.
#ifdef __CUDACC__
inline namespace device_functions {
#else
inline namespace host_functions {
#endif

/// e^x, tanh(x), erf(x), to about 1e-7 of the largest value in single precision.
CAFFE_HD inline double FastExp(double x) { return exp(x); }
CAFFE_HD inline double FastTanh(double x) { return tanh(x); }
CAFFE_HD inline double FastErf(double x) { return erf(x); }
#ifdef __CUDACC__
CAFFE_HD inline float FastExp(float x) { return expf(x); }
CAFFE_HD inline float FastTanh(float x) { return tanhf(x); }
CAFFE_HD inline float FastErf(float x) { return erff(x); }
#else
inline float FastExp(float x) { return fast_math::Exp(x); }
inline float FastTanh(float x) { return fast_math::Tanh(x); }
inline float FastErf(float x) { return fast_math::Erf(x); }
#endif

}  // namespace device_functions or host_functions

}  // namespace caffe

#endif  // CAFFE_UTIL_FAST_MATH_HPP_
