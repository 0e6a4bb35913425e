#ifndef CAFFE_DEVICE_CPU_LAUNCH_HPP_
#define CAFFE_DEVICE_CPU_LAUNCH_HPP_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "caffe/device/device.hpp"

namespace caffe {

template <typename Device>
struct Launcher;

/// The results so far of interleaved parts of a reduction. Terms of several numbers specialise
/// it, so that the lanes of each number lie side by side in a vector.
template <typename T>
struct ReductionLanes {
  static constexpr int kCount = 8;
  T get(int l) const { return lane[l]; }
  void set(int l, T value) { lane[l] = value; }
  T lane[kCount];
};

/// Traversals over OpenMP threads and vector lanes.
template <>
struct Launcher<Cpu> {
  /// Fewer elements than this are not worth waking the other threads.
  static constexpr int64_t kParallelGrain = 16384;

  template <typename F>
  static void ForEach(int64_t n, const F& f) {
#pragma omp parallel for simd schedule(static) if (parallel : n > kParallelGrain)
    for (int64_t i = 0; i < n; ++i) f(i);
  }

  template <typename F>
  static void ForEachPlane(int64_t planes, int64_t inner, const F& f) {
#pragma omp parallel for schedule(static) if (planes * inner > kParallelGrain)
    for (int64_t p = 0; p < planes; ++p) {
#pragma omp simd
      for (int64_t k = 0; k < inner; ++k) f(p, k);
    }
  }

  template <template <typename> class Op, typename Term, typename Store>
  static void Reduce(int64_t outputs, int64_t outer, int64_t inner, const Term& term,
                     const Store& store) {
    using T = decltype(term(int64_t(0), int64_t(0), int64_t(0)));
    if (outputs == 1 && outer * inner > kParallelGrain) {
      ReduceOne<Op, T>(outer, inner, term, store);
      return;
    }
#pragma omp parallel for schedule(static) if (outputs * outer * inner > kParallelGrain)
    for (int64_t o = 0; o < outputs; ++o) {
      T total = Op<T>::identity();
      for (int64_t j = 0; j < outer; ++j) {
        total = Op<T>()(total, ReduceRow<Op, T>(o, j, 0, inner, term));
      }
      store(o, total);
    }
  }

 private:
  /// Sums one row in eight interleaved lanes, so that the compiler can use vectors and the
  /// order of additions does not depend on it.
  template <template <typename> class Op, typename T, typename Term>
  static T ReduceRow(int64_t o, int64_t j, int64_t begin, int64_t end, const Term& term) {
    constexpr int kLanes = ReductionLanes<T>::kCount;
    const Op<T> op;
    if (end - begin < kLanes) {
      T total = Op<T>::identity();
      for (int64_t k = begin; k < end; ++k) total = op(total, term(o, j, k));
      return total;
    }
    ReductionLanes<T> lanes;
    for (int l = 0; l < kLanes; ++l) lanes.set(l, Op<T>::identity());
    int64_t k = begin;
    for (; k + kLanes <= end; k += kLanes) {
      for (int l = 0; l < kLanes; ++l) lanes.set(l, op(lanes.get(l), term(o, j, k + l)));
    }
    for (int l = 0; k + l < end; ++l) lanes.set(l, op(lanes.get(l), term(o, j, k + l)));
    T total = lanes.get(0);
    for (int l = 1; l < kLanes; ++l) total = op(total, lanes.get(l));
    return total;
  }

  /// One output over much input: pieces of fixed size, combined in order.
  template <template <typename> class Op, typename T, typename Term, typename Store>
  static void ReduceOne(int64_t outer, int64_t inner, const Term& term, const Store& store) {
    const int64_t pieces_per_row =
        std::max<int64_t>(1, (inner + kParallelGrain - 1) / kParallelGrain);
    std::vector<T> partial(outer * pieces_per_row, Op<T>::identity());
#pragma omp parallel for schedule(static)
    for (int64_t q = 0; q < outer * pieces_per_row; ++q) {
      const int64_t j = q / pieces_per_row;
      const int64_t begin = (q % pieces_per_row) * kParallelGrain;
      partial[q] = ReduceRow<Op, T>(0, j, begin, std::min(inner, begin + kParallelGrain), term);
    }
    T total = Op<T>::identity();
    for (const T& part : partial) total = Op<T>()(total, part);
    store(int64_t(0), total);
  }
};

}  // namespace caffe

#endif  // CAFFE_DEVICE_CPU_LAUNCH_HPP_
