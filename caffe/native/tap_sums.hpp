#ifndef CAFFE_NATIVE_TAP_SUMS_HPP_
#define CAFFE_NATIVE_TAP_SUMS_HPP_

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

// Inner loops of the depthwise convolution. A filter over a plane whose columns are next to each
// other in memory is a list of taps: tap t reads the plane at a fixed offset from the output's
// place. Both loops below run over rows x cols places; place (r, j) is r * row_step + j.

namespace caffe::tap_sums {

/// As many numbers as fit 32 bytes; compilers lower it to what the CPU has.
template <typename T>
struct Vector {
  typedef T Type __attribute__((vector_size(32)));
  static constexpr int kLanes = 32 / sizeof(T);
};

template <typename T>
inline typename Vector<T>::Type Load(const T* p) {
  typename Vector<T>::Type v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

template <typename T>
struct Tap {
  int64_t offset;
  T weight;
};

/// kRows x kLanes outputs at once, so that each tap's weight is fetched once for all of them.
/// @param kTaps  the number of taps if known, so that the loop unrolls, or 0
template <typename T, int kRows, int kTaps>
inline void SumTile(const T* source, int64_t row_step, const Tap<T>* taps, int num_taps, T start,
                    typename Vector<T>::Type (&sum)[kRows]) {
  for (int r = 0; r < kRows; ++r) sum[r] = start - typename Vector<T>::Type{};
  const int n = kTaps > 0 ? kTaps : num_taps;
#pragma GCC unroll 25
  for (int t = 0; t < n; ++t) {
    const T* p = source + taps[t].offset;
    for (int r = 0; r < kRows; ++r) sum[r] += taps[t].weight * Load(p + r * row_step);
  }
}

/// out[r * out_step + j] = start + sum over taps of weight * source[offset + r * row_step + j],
/// for kRows rows. Reads up to one vector past the last column.
template <typename T, int kRows, int kTaps>
inline void SumRows(const T* source, int64_t row_step, const Tap<T>* taps, int num_taps, T start,
                    int cols, T* out, int64_t out_step) {
  constexpr int kLanes = Vector<T>::kLanes;
  typename Vector<T>::Type sum[kRows];
  for (int j = 0; j < cols; j += kLanes) {
    if (j + kLanes > cols && cols >= kLanes) j = cols - kLanes;  // again over some columns
    SumTile<T, kRows, kTaps>(source + j, row_step, taps, num_taps, start, sum);
    for (int r = 0; r < kRows; ++r) {
      if (cols >= kLanes) {
        std::memcpy(out + r * out_step + j, &sum[r], sizeof(sum[r]));
      } else {
        for (int l = 0; l < cols; ++l) out[r * out_step + l] = sum[r][l];
      }
    }
  }
}

template <typename T, int kTaps>
void SumPlane(const T* source, int64_t row_step, const Tap<T>* taps, int num_taps, T start,
              int rows, int cols, T* out, int64_t out_step) {
  int r = 0;
  for (; r + 4 <= rows; r += 4) {
    SumRows<T, 4, kTaps>(source + r * row_step, row_step, taps, num_taps, start, cols,
                         out + r * out_step, out_step);
  }
  for (; r < rows; ++r) {
    SumRows<T, 1, kTaps>(source + r * row_step, row_step, taps, num_taps, start, cols,
                         out + r * out_step, out_step);
  }
}

/// The same for any number of rows and taps. The numbers of taps of 3x3 and 5x5 filters, and of
/// their parts in gradients at stride 2, have loops of their own.
template <typename T>
void Sum(const T* source, int64_t row_step, const std::vector<Tap<T>>& taps, T start, int rows,
         int cols, T* out, int64_t out_step) {
  const int n = static_cast<int>(taps.size());
  const auto run = [&](auto plane) {
    plane(source, row_step, taps.data(), n, start, rows, cols, out, out_step);
  };
  switch (n) {
    case 1:
      return run(SumPlane<T, 1>);
    case 2:
      return run(SumPlane<T, 2>);
    case 4:
      return run(SumPlane<T, 4>);
    case 6:
      return run(SumPlane<T, 6>);
    case 9:
      return run(SumPlane<T, 9>);
    case 25:
      return run(SumPlane<T, 25>);
    default:
      return run(SumPlane<T, 0>);
  }
}

/// As many products as are summed at once: their sums stay in registers.
constexpr int kMaxDots = 9;

/// total[t] += sum over rows and columns of factor[r * factor_step + j] *
/// source[offsets[t] + r * row_step + j]. The sums of a row's last columns read up to one
/// vector past it, times zero, so that memory must hold finite numbers.
template <typename T, int kDots>
void DotPlane(const T* source, int64_t row_step, const int64_t* offsets, const T* factor,
              int64_t factor_step, int rows, int cols, double* total) {
  using V = typename Vector<T>::Type;
  constexpr int kLanes = Vector<T>::kLanes;
  V sum[kDots] = {};
  for (int r = 0; r < rows; ++r) {
    const T* p = source + r * row_step;
    const T* f = factor + r * factor_step;
    int j = 0;
    for (; j + kLanes <= cols; j += kLanes) {
      const V value = Load(f + j);
#pragma GCC unroll 9
      for (int t = 0; t < kDots; ++t) sum[t] += value * Load(p + offsets[t] + j);
    }
    if (j < cols) {
      V value = {};
      for (int l = 0; j + l < cols; ++l) value[l] = f[j + l];
#pragma GCC unroll 9
      for (int t = 0; t < kDots; ++t) sum[t] += value * Load(p + offsets[t] + j);
    }
  }
  for (int t = 0; t < kDots; ++t) {
    for (int l = 0; l < kLanes; ++l) total[t] += sum[t][l];
  }
}

/// The same for any number of offsets; total must be zero.
template <typename T>
void Dot(const T* source, int64_t row_step, const std::vector<int64_t>& offsets, const T* factor,
         int64_t factor_step, int rows, int cols, double* total) {
  using Plane = void (*)(const T*, int64_t, const int64_t*, const T*, int64_t, int, int, double*);
  static constexpr auto kPlanes = []<int... kDots>(std::integer_sequence<int, kDots...>) {
    return std::array<Plane, sizeof...(kDots)>{DotPlane<T, kDots + 1>...};
  }
  (std::make_integer_sequence<int, kMaxDots>());
  for (int t = 0, n = static_cast<int>(offsets.size()); t < n; t += kMaxDots) {
    kPlanes[std::min(n - t, kMaxDots) - 1](source, row_step, offsets.data() + t, factor,
                                           factor_step, rows, cols, total + t);
  }
}

}  // namespace caffe::tap_sums

#endif  // CAFFE_NATIVE_TAP_SUMS_HPP_
