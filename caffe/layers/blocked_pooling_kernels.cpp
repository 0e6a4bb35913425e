#include "caffe/layers/blocked_pooling_kernels.hpp"

#include <cfloat>

// Everything but KernelsFor is local to the file (see blocked_pooling_kernels.hpp).

namespace caffe::blocked_pooling {
namespace {

constexpr int kLanes = CAFFE_LANES;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), may_alias, aligned(4)));
typedef int Places __attribute__((vector_size(kLanes * sizeof(int)), may_alias, aligned(4)));

inline Vector Load(const float* from) { return *reinterpret_cast<const Vector*>(from); }

void MaxRow(const WindowRow& row, float* top, int* origin) {
  for (int p = 0; p < row.windows; ++p, top += kLanes, origin += kLanes) {
    Vector best = Vector{} - FLT_MAX;
    Places at = Places{} - 1;
    for (int h = row.rows.begin; h < row.rows.end; ++h) {
      for (int w = row.columns[p].begin; w < row.columns[p].end; ++w) {
        const int here = h * row.width + w;
        const Vector values = Load(row.image + static_cast<long>(here) * kLanes);
        const Places better = (values > best) | (values != values);  // NaN wins
        best = better ? values : best;
        at = better ? Places{} + here : at;
      }
    }
    *reinterpret_cast<Vector*>(top) = best;
    *reinterpret_cast<Places*>(origin) = at;
  }
}

void AverageRow(const WindowRow& row, const float* areas, float* top) {
  for (int p = 0; p < row.windows; ++p, top += kLanes) {
    Vector sum = {};
    for (int h = row.rows.begin; h < row.rows.end; ++h) {
      for (int w = row.columns[p].begin; w < row.columns[p].end; ++w) {
        sum += Load(row.image + static_cast<long>(h * row.width + w) * kLanes);
      }
    }
    const bool empty = row.rows.begin >= row.rows.end || row.columns[p].begin >= row.columns[p].end;
    *reinterpret_cast<Vector*>(top) = empty ? Vector{} : sum / areas[p];
  }
}

}  // namespace

template <>
Kernels KernelsFor<kLanes>() {
  return {MaxRow, AverageRow};
}

}  // namespace caffe::blocked_pooling
