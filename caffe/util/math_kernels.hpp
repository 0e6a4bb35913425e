#ifndef CAFFE_UTIL_MATH_KERNELS_HPP_
#define CAFFE_UTIL_MATH_KERNELS_HPP_

#include <cmath>
#include <cstdint>

#include "caffe/device/launch.hpp"
#include "caffe/util/philox.hpp"

/// Element-wise arithmetic and random arrays on a device, behind caffe_* and caffe_gpu_* of
/// caffe/util/math_functions.hpp. Inputs and outputs may be the same array.

namespace caffe {
namespace math {

template <typename T>
struct Square {
  CAFFE_HD T operator()(T x) const { return x * x; }
};
template <typename T>
struct SquareRoot {
  CAFFE_HD T operator()(T x) const { return std::sqrt(x); }
};
template <typename T>
struct Exponential {
  CAFFE_HD T operator()(T x) const { return std::exp(x); }
};
template <typename T>
struct Logarithm {
  CAFFE_HD T operator()(T x) const { return std::log(x); }
};
template <typename T>
struct Absolute {
  CAFFE_HD T operator()(T x) const { return std::abs(x); }
};
/// -1, 0 or 1.
template <typename T>
struct Sign {
  CAFFE_HD T operator()(T x) const { return T((T(0) < x) - (x < T(0))); }
};
/// 1 where the sign bit is set.
template <typename T>
struct SignBit {
  CAFFE_HD T operator()(T x) const { return T(std::signbit(x)); }
};

template <typename T>
struct Add {
  CAFFE_HD T operator()(T x, T y) const { return x + y; }
};
template <typename T>
struct Subtract {
  CAFFE_HD T operator()(T x, T y) const { return x - y; }
};
template <typename T>
struct Multiply {
  CAFFE_HD T operator()(T x, T y) const { return x * y; }
};
template <typename T>
struct Divide {
  CAFFE_HD T operator()(T x, T y) const { return x / y; }
};
template <typename T>
struct Power {
  CAFFE_HD T operator()(T x, T y) const { return std::pow(x, y); }
};

}  // namespace math

/// y[i] = Op(a[i]): Square, SquareRoot, Exponential, Logarithm, Absolute, Sign, SignBit.
template <typename Device, template <typename> class Op, typename Dtype>
void MapUnary(int64_t n, const Dtype* a, Dtype* y);

/// y[i] = Op(a[i], b[i]): Add, Subtract, Multiply, Divide.
template <typename Device, template <typename> class Op, typename Dtype>
void MapBinary(int64_t n, const Dtype* a, const Dtype* b, Dtype* y);

/// y[i] = Op(a[i], b): Add, Multiply, Power.
template <typename Device, template <typename> class Op, typename Dtype>
void MapScalar(int64_t n, const Dtype* a, Dtype b, Dtype* y);

/// y = alpha * x + beta * y.
template <typename Device, typename Dtype>
void Axpby(int64_t n, Dtype alpha, const Dtype* x, Dtype beta, Dtype* y);

/// x[i] = value.
template <typename Device>
void FillIntegers(int64_t n, int value, int* x);

/// Arrays of the draws of caffe/util/random_draws.hpp; `first` as there.
template <typename Device, typename Dtype>
void FillUniform(int64_t n, Philox philox, uint64_t first, Dtype a, Dtype b, Dtype* r);
template <typename Device, typename Dtype>
void FillGaussian(int64_t n, Philox philox, uint64_t first, Dtype mu, Dtype sigma, Dtype* r);
/// 1 with probability p, else 0.
template <typename Device, typename Dtype>
void FillBernoulli(int64_t n, Philox philox, uint64_t first, Dtype p, int* r);
/// The sequence's words themselves.
template <typename Device>
void FillWords(int64_t n, Philox philox, uint64_t first, unsigned int* r);

}  // namespace caffe

#endif  // CAFFE_UTIL_MATH_KERNELS_HPP_
