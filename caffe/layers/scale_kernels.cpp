#include "caffe/layers/scale_kernels.hpp"

#include "caffe/device/axis_traversal.hpp"

namespace caffe {

template <class Device, class Dtype>
void scale_forward(ScaleShape shape, const Dtype* x, const Dtype* scale, const Dtype* bias,
                   Dtype* y, Dtype* keep) {
  if (keep) {
    ForEachAxis<Device>(shape.outer, shape.dim, shape.inner,
                        [=] CAFFE_HD(int64_t, int64_t c, int64_t i) {
                          const Dtype v = x[i];
                          keep[i] = v;
                          y[i] = bias ? v * scale[c] + bias[c] : v * scale[c];
                        });
  } else if (bias) {
    ForEachAxis<Device>(
        shape.outer, shape.dim, shape.inner,
        [=] CAFFE_HD(int64_t, int64_t c, int64_t i) { y[i] = x[i] * scale[c] + bias[c]; });
  } else {
    ForEachAxis<Device>(shape.outer, shape.dim, shape.inner,
                        [=] CAFFE_HD(int64_t, int64_t c, int64_t i) { y[i] = x[i] * scale[c]; });
  }
}

template <class Device, class Dtype>
void scale_backward(ScaleShape shape, const Dtype* scale, const Dtype* dy, Dtype* dx) {
  scale_forward<Device, Dtype>(shape, dy, scale, nullptr, dx, nullptr);
}

template <class Device, class Dtype>
void scale_parameter_gradients(ScaleShape shape, const Dtype* x, const Dtype* dy, Dtype old_scale,
                               Dtype* dscale, Dtype old_bias, Dtype* dbias) {
  const int64_t dim = shape.dim, inner = shape.inner;
  if (!dscale) {
    if (dbias) bias_gradient<Device, Dtype>(shape, dy, old_bias, dbias);
    return;
  }
  Reduce<Device, PairPlus>(
      dim, shape.outer, inner,
      [=] CAFFE_HD(int64_t c, int64_t o, int64_t s) -> Pair<double> {
        const int64_t i = (o * dim + c) * inner + s;
        return Pair<double>{double(dy[i]) * double(x[i]), double(dy[i])};
      },
      [=] CAFFE_HD(int64_t c, Pair<double> sum) {
        // A factor of 0 must not let garbage through: 0 * NaN is NaN.
        dscale[c] = Dtype(sum.first) + (old_scale == Dtype(0) ? Dtype(0) : old_scale * dscale[c]);
        if (dbias) {
          dbias[c] = Dtype(sum.second) + (old_bias == Dtype(0) ? Dtype(0) : old_bias * dbias[c]);
        }
      });
}

template <class Device, class Dtype>
void bias_forward(ScaleShape shape, const Dtype* x, const Dtype* bias, Dtype* y) {
  ForEachAxis<Device>(shape.outer, shape.dim, shape.inner,
                      [=] CAFFE_HD(int64_t, int64_t c, int64_t i) { y[i] = x[i] + bias[c]; });
}

template <class Device, class Dtype>
void bias_gradient(ScaleShape shape, const Dtype* dy, Dtype old, Dtype* dbias) {
  const int64_t dim = shape.dim, inner = shape.inner;
  Reduce<Device>(
      dim, shape.outer, inner,
      [=] CAFFE_HD(int64_t c, int64_t o, int64_t s) -> double {
        return double(dy[(o * dim + c) * inner + s]);
      },
      [=] CAFFE_HD(int64_t c, double sum) {
        dbias[c] = Dtype(sum) + (old == Dtype(0) ? Dtype(0) : old * dbias[c]);
      });
}

#define INSTANTIATE(Device, Dtype)                                                                 \
  template void scale_forward<Device, Dtype>(ScaleShape, const Dtype*, const Dtype*, const Dtype*, \
                                             Dtype*, Dtype*);                                      \
  template void scale_backward<Device, Dtype>(ScaleShape, const Dtype*, const Dtype*, Dtype*);     \
  template void scale_parameter_gradients<Device, Dtype>(ScaleShape, const Dtype*, const Dtype*,   \
                                                         Dtype, Dtype*, Dtype, Dtype*);            \
  template void bias_forward<Device, Dtype>(ScaleShape, const Dtype*, const Dtype*, Dtype*);       \
  template void bias_gradient<Device, Dtype>(ScaleShape, const Dtype*, Dtype, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
