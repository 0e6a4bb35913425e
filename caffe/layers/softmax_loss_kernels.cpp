#include "caffe/layers/softmax_loss_kernels.hpp"

#include <cmath>

#include "caffe/device/axis_traversal.hpp"

namespace caffe {

template <class Device, class Dtype>
void count_labels(int64_t n, IgnoreLabel ignored, const Dtype* labels, Dtype* count) {
  Reduce<Device>(
      1, 1, n,
      [=] CAFFE_HD(int64_t, int64_t, int64_t i) -> double {
        return ignored(static_cast<int>(labels[i])) ? 0.0 : 1.0;
      },
      [=] CAFFE_HD(int64_t, double total) { *count = Dtype(total); });
}

template <class Device, class Dtype>
void softmax_loss_forward(ClassShape shape, IgnoreLabel ignored, Dtype normalizer, const Dtype* p,
                          const Dtype* labels, Dtype* loss) {
  const int64_t classes = shape.classes, inner = shape.inner;
  Reduce<Device>(
      1, shape.outer, inner,
      [=] CAFFE_HD(int64_t, int64_t o, int64_t s) -> double {
        const int label = static_cast<int>(labels[o * inner + s]);
        if (ignored(label)) return 0.0;
        if (label < 0 || label >= classes) return NAN;
        const Dtype likelihood = p[(o * classes + label) * inner + s];
        // The smallest normal single-precision number, for both number types.
        const Dtype least = Dtype(1.1754943508222875e-38);
        return -double(log(likelihood < least ? least : likelihood));
      },
      [=] CAFFE_HD(int64_t, double total) { *loss = Dtype(total / double(normalizer)); });
}

template <class Device, class Dtype>
void softmax_loss_backward(ClassShape shape, IgnoreLabel ignored, Dtype scale, const Dtype* p,
                           const Dtype* labels, Dtype* dx) {
  ForEachAxis<Device>(shape.outer, shape.classes, shape.inner,
                      [=] CAFFE_HD(int64_t q, int64_t c, int64_t i) {
                        const int label = static_cast<int>(labels[q]);
                        const Dtype difference = p[i] - (c == label ? Dtype(1) : Dtype(0));
                        dx[i] = ignored(label) ? Dtype(0) : difference * scale;
                      });
}

#define INSTANTIATE(Device, Dtype)                                                                 \
  template void count_labels<Device, Dtype>(int64_t, IgnoreLabel, const Dtype*, Dtype*);           \
  template void softmax_loss_forward<Device, Dtype>(ClassShape, IgnoreLabel, Dtype, const Dtype*,  \
                                                    const Dtype*, Dtype*);                         \
  template void softmax_loss_backward<Device, Dtype>(ClassShape, IgnoreLabel, Dtype, const Dtype*, \
                                                     const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
