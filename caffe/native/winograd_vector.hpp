#ifndef CAFFE_NATIVE_WINOGRAD_VECTOR_HPP_
#define CAFFE_NATIVE_WINOGRAD_VECTOR_HPP_

#include <immintrin.h>

#include <cstddef>

// For the files that are compiled once for each instruction set; CAFFE_LANES comes from CMake.
// Everything is local to the file that includes it (see winograd_kernels.hpp).

namespace caffe::winograd {
namespace {

constexpr int kLanes = CAFFE_LANES;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), may_alias));

inline Vector Load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void Store(Vector value, float* to) { *reinterpret_cast<Vector*>(to) = value; }

/// Lane i is lane lanes[i] of `other`, or lane i of `value` where lanes[i] < 0.
inline Vector Merge(Vector value, Vector other, const int* lanes) {
#if CAFFE_LANES == 16
  const __m512i from = _mm512_load_si512(lanes);
  return _mm512_mask_permutexvar_ps(value, _mm512_cmpge_epi32_mask(from, _mm512_setzero_si512()),
                                    from, other);
#else
  const __m256i from = _mm256_load_si256(reinterpret_cast<const __m256i*>(lanes));
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(other, from), value, _mm256_castsi256_ps(from));
#endif
}

constexpr int Min(int a, int b) { return a < b ? a : b; }
constexpr int Max(int a, int b) { return a > b ? a : b; }

}  // namespace
}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_VECTOR_HPP_
