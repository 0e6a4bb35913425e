#include "caffe/layers/layer_norm_kernels.hpp"

#include <cmath>

#include "caffe/device/axis_traversal.hpp"

namespace caffe {

template <class Device, class Dtype>
void layer_norm_forward(RowShape shape, Dtype eps, const Dtype* x, const Dtype* scale,
                        const Dtype* shift, RowStatistics<Dtype> statistics, Dtype* y) {
  const int64_t columns = shape.columns;
  // Sums of differences to a value of the row itself, so that a mean that is large against the
  // deviation does not cancel the variance.
  Reduce<Device, PairPlus>(
      shape.rows, 1, columns,
      [=] CAFFE_HD(int64_t r, int64_t, int64_t c) -> Pair<double> {
        const double d = double(x[r * columns + c]) - double(x[r * columns]);
        return Pair<double>{d, d * d};
      },
      [=] CAFFE_HD(int64_t r, Pair<double> sum) {
        const double offset = sum.first / double(columns);
        const double difference = sum.second / double(columns) - offset * offset;
        const double variance = difference < 0 ? 0 : difference;
        statistics.mean[r] = Dtype(double(x[r * columns]) + offset);
        statistics.inverse_deviation[r] = Dtype(1 / std::sqrt(variance + double(eps)));
      });
  if (scale != nullptr) {
    ForEachPlane<Device>(shape.rows, columns, [=] CAFFE_HD(int64_t r, int64_t c) {
      const int64_t i = r * columns + c;
      y[i] = (x[i] - statistics.mean[r]) * statistics.inverse_deviation[r] * scale[c] + shift[c];
    });
  } else {
    ForEachPlane<Device>(shape.rows, columns, [=] CAFFE_HD(int64_t r, int64_t c) {
      const int64_t i = r * columns + c;
      y[i] = (x[i] - statistics.mean[r]) * statistics.inverse_deviation[r];
    });
  }
}

namespace layer_norm {

template <bool kAffine, class Device, class Dtype>
void backward(RowShape shape, RowStatistics<const Dtype> statistics, const Dtype* x,
              const Dtype* scale, const Dtype* dy, Dtype* means, Dtype* dx) {
  const int64_t columns = shape.columns, rows = shape.rows;
  Reduce<Device, PairPlus>(
      rows, 1, columns,
      [=] CAFFE_HD(int64_t r, int64_t, int64_t c) -> Pair<double> {
        const int64_t i = r * columns + c;
        const Dtype g = kAffine ? dy[i] * scale[c] : dy[i];
        const Dtype n = (x[i] - statistics.mean[r]) * statistics.inverse_deviation[r];
        return Pair<double>{double(g), double(g) * double(n)};
      },
      [=] CAFFE_HD(int64_t r, Pair<double> sum) {
        means[r] = Dtype(sum.first / double(columns));
        means[rows + r] = Dtype(sum.second / double(columns));
      });
  ForEachPlane<Device>(rows, columns, [=] CAFFE_HD(int64_t r, int64_t c) {
    const int64_t i = r * columns + c;
    const Dtype g = kAffine ? dy[i] * scale[c] : dy[i];
    const Dtype n = (x[i] - statistics.mean[r]) * statistics.inverse_deviation[r];
    dx[i] = (g - means[r] - n * means[rows + r]) * statistics.inverse_deviation[r];
  });
}

}  // namespace layer_norm

template <class Device, class Dtype>
void layer_norm_backward(RowShape shape, RowStatistics<const Dtype> statistics, const Dtype* x,
                         const Dtype* scale, const Dtype* dy, Dtype* means, Dtype* dx) {
  if (scale != nullptr) {
    layer_norm::backward<true, Device>(shape, statistics, x, scale, dy, means, dx);
  } else {
    layer_norm::backward<false, Device>(shape, statistics, x, scale, dy, means, dx);
  }
}

template <class Device, class Dtype>
void layer_norm_backward_affine(RowShape shape, RowStatistics<const Dtype> statistics,
                                const Dtype* x, const Dtype* dy, Dtype* sums, Dtype* dscale,
                                Dtype* dshift) {
  // A thread goes down one column of a block of rows, its neighbours down the next columns.
  const int64_t rows = shape.rows, columns = shape.columns;
  const int64_t blocks = (rows + kLayerNormBlock - 1) / kLayerNormBlock;
  ForEachPlane<Device>(blocks, columns, [=] CAFFE_HD(int64_t b, int64_t c) {
    const int64_t begin = b * kLayerNormBlock;
    const int64_t end = begin + kLayerNormBlock < rows ? begin + kLayerNormBlock : rows;
    Dtype products = 0, values = 0;
    for (int64_t r = begin; r < end; ++r) {
      const int64_t i = r * columns + c;
      products += dy[i] * (x[i] - statistics.mean[r]) * statistics.inverse_deviation[r];
      values += dy[i];
    }
    sums[b * columns + c] = products;
    sums[(blocks + b) * columns + c] = values;
  });
  ForEach<Device>(columns, [=] CAFFE_HD(int64_t c) {
    double products = 0, values = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      products += double(sums[b * columns + c]);
      values += double(sums[(blocks + b) * columns + c]);
    }
    if (dscale != nullptr) dscale[c] += Dtype(products);
    if (dshift != nullptr) dshift[c] += Dtype(values);
  });
}

#define INSTANTIATE(Device, Dtype)                                                             \
  template void layer_norm_forward<Device, Dtype>(RowShape, Dtype, const Dtype*, const Dtype*, \
                                                  const Dtype*, RowStatistics<Dtype>, Dtype*); \
  template void layer_norm_backward<Device, Dtype>(RowShape, RowStatistics<const Dtype>,       \
                                                   const Dtype*, const Dtype*, const Dtype*,   \
                                                   Dtype*, Dtype*);                            \
  template void layer_norm_backward_affine<Device, Dtype>(                                     \
      RowShape, RowStatistics<const Dtype>, const Dtype*, const Dtype*, Dtype*, Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
