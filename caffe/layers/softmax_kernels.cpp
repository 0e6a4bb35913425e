#include "caffe/layers/softmax_kernels.hpp"

#include <cmath>

#include "caffe/device/axis_traversal.hpp"

namespace caffe {

template <class Device, class Dtype>
void softmax_forward(ClassShape shape, const Dtype* x, Dtype* scratch, Dtype* y) {
  const int64_t classes = shape.classes, inner = shape.inner, items = shape.outer * inner;
  Reduce<Device, Maximum>(
      items, 1, classes,
      [=] CAFFE_HD(int64_t q, int64_t, int64_t c) -> Dtype {
        const int64_t o = Quotient(q, inner);
        return x[(o * classes + c) * inner + (q - o * inner)];
      },
      [=] CAFFE_HD(int64_t q, Dtype maximum) { scratch[q] = maximum; });
  ForEachAxis<Device>(shape.outer, classes, inner, [=] CAFFE_HD(int64_t q, int64_t, int64_t i) {
    y[i] = exp(x[i] - scratch[q]);
  });
  Reduce<Device>(
      items, 1, classes,
      [=] CAFFE_HD(int64_t q, int64_t, int64_t c) -> Dtype {
        const int64_t o = Quotient(q, inner);
        return y[(o * classes + c) * inner + (q - o * inner)];
      },
      [=] CAFFE_HD(int64_t q, Dtype sum) { scratch[q] = sum; });
  ForEachAxis<Device>(shape.outer, classes, inner,
                      [=] CAFFE_HD(int64_t q, int64_t, int64_t i) { y[i] /= scratch[q]; });
}

template <class Device, class Dtype>
void softmax_backward(ClassShape shape, const Dtype* y, const Dtype* dy, Dtype* scratch,
                      Dtype* dx) {
  const int64_t classes = shape.classes, inner = shape.inner, items = shape.outer * inner;
  Reduce<Device>(
      items, 1, classes,
      [=] CAFFE_HD(int64_t q, int64_t, int64_t c) -> Dtype {
        const int64_t o = Quotient(q, inner);
        const int64_t i = (o * classes + c) * inner + (q - o * inner);
        return dy[i] * y[i];
      },
      [=] CAFFE_HD(int64_t q, Dtype sum) { scratch[q] = sum; });
  ForEachAxis<Device>(shape.outer, classes, inner, [=] CAFFE_HD(int64_t q, int64_t, int64_t i) {
    dx[i] = (dy[i] - scratch[q]) * y[i];
  });
}

#define INSTANTIATE(Device, Dtype)                                                              \
  template void softmax_forward<Device, Dtype>(ClassShape, const Dtype*, Dtype*, Dtype*);       \
  template void softmax_backward<Device, Dtype>(ClassShape, const Dtype*, const Dtype*, Dtype*, \
                                                Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
