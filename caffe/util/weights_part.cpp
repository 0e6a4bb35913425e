#include "caffe/util/weights_part.hpp"

namespace caffe {

namespace {

/// Elements that are worth waking other threads for.
constexpr int64_t kGrain = 1 << 15;

template <typename Dtype>
void AddTo(int64_t n, const Dtype* from, Dtype* to) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

}  // namespace

bool GatheringPays(double saved, double moved) {
  // What two cores with AVX-512 multiply and add while they gather a value; see
  // docs/decisions/skipped_gradients.md.
  constexpr double kProductsPerValue = 80;
  return saved > kProductsPerValue * moved;
}

template <typename Dtype>
void GatherColumns(int64_t rows, int64_t columns, const std::vector<int>& kept, const Dtype* matrix,
                   Dtype* packed) {
  const auto count = static_cast<int64_t>(kept.size());
#pragma omp parallel for schedule(static) if (rows * count > kGrain)
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < count; ++k) packed[r * count + k] = matrix[r * columns + kept[k]];
  }
}

template <typename Dtype>
void AddPart(const WeightsPart& part, int64_t rows, int64_t columns, int64_t inner, int64_t stored,
             const Dtype* sums, Dtype* diff) {
  const auto count = static_cast<int64_t>(part.kept.size());
  const int64_t row = columns * inner;
  if (part.axis == 0) {
#pragma omp parallel for schedule(static) if (count * row > kGrain)
    for (int64_t k = 0; k < count; ++k) AddTo(row, sums + k * row, diff + part.kept[k] * row);
    return;
  }
#pragma omp parallel for schedule(static) if (rows * count * inner > kGrain)
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < count; ++k) {
      AddTo(inner, sums + (r * stored + k) * inner, diff + r * row + part.kept[k] * inner);
    }
  }
}

#define INSTANTIATE(Dtype)                                                                      \
  template void GatherColumns(int64_t, int64_t, const std::vector<int>&, const Dtype*, Dtype*); \
  template void AddPart(const WeightsPart&, int64_t, int64_t, int64_t, int64_t, const Dtype*,   \
                        Dtype*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
