#include <algorithm>

#include "caffe/layers/pooling_kernels.hpp"

namespace caffe {

template <typename Dtype, typename Index>
void indexed_pool_scatter(PoolShape shape, const Dtype* top_diff, const Index* index,
                          Dtype* bottom_diff) {
  const int64_t in_size = int64_t(shape.height) * shape.width;
  const int64_t out_size = int64_t(shape.pooled_h) * shape.pooled_w;
#pragma omp parallel for schedule(static) if (shape.planes * in_size > 16384)
  for (int64_t p = 0; p < shape.planes; ++p) {
    Dtype* plane = bottom_diff + p * in_size;
    std::fill_n(plane, in_size, Dtype(0));
    for (int64_t i = p * out_size; i < (p + 1) * out_size; ++i) {
      const int64_t at = static_cast<int64_t>(index[i]);
      if (at >= 0) plane[at] += top_diff[i];
    }
  }
}

template void indexed_pool_scatter(PoolShape, const float*, const int*, float*);
template void indexed_pool_scatter(PoolShape, const float*, const float*, float*);
template void indexed_pool_scatter(PoolShape, const double*, const int*, double*);
template void indexed_pool_scatter(PoolShape, const double*, const double*, double*);

}  // namespace caffe
