#ifndef CAFFE_NATIVE_WINOGRAD_VECTOR_HPP_
#define CAFFE_NATIVE_WINOGRAD_VECTOR_HPP_

#include <cstddef>

// For the files that are compiled once for each instruction set; CAFFE_LANES comes from CMake.
// Everything is local to the file that includes it (see winograd_kernels.hpp).

namespace caffe::winograd {
namespace {

constexpr int kLanes = CAFFE_LANES;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), may_alias));

inline Vector Load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void Store(Vector value, float* to) { *reinterpret_cast<Vector*>(to) = value; }

constexpr int Min(int a, int b) { return a < b ? a : b; }
constexpr int Max(int a, int b) { return a > b ? a : b; }

}  // namespace
}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_VECTOR_HPP_
