#include "caffe/layers/prelu_kernels.hpp"

#include "caffe/device/axis_traversal.hpp"
#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void prelu_forward(PReLUShape shape, const Dtype* slopes, const Dtype* x, Dtype* y, Dtype* keep) {
  const bool shared = shape.shared;
  ForEachAxis<Device>(shape.num, shape.channels, shape.inner,
                      [=] CAFFE_HD(int64_t, int64_t c, int64_t i) {
                        const Dtype v = x[i];
                        const Dtype scaled = slopes[shared ? 0 : c] * v;
                        if (keep != nullptr) keep[i] = v;
                        y[i] = v <= Dtype(0) ? scaled : v;
                      });
}

template <class Device, class Dtype>
void prelu_backward(PReLUShape shape, const Dtype* slopes, const Dtype* x, const Dtype* dy,
                    Dtype* dx) {
  const bool shared = shape.shared;
  ForEachAxis<Device>(shape.num, shape.channels, shape.inner,
                      [=] CAFFE_HD(int64_t, int64_t c, int64_t i) {
                        const Dtype g = dy[i];
                        const Dtype scaled = slopes[shared ? 0 : c] * g;
                        dx[i] = x[i] <= Dtype(0) ? scaled : g;
                      });
}

template <class Device, class Dtype>
void prelu_slope_gradient(PReLUShape shape, const Dtype* x, const Dtype* dy, Dtype* dslopes) {
  // One slope for all channels is a sum over samples whose planes are all channels together.
  const int64_t outputs = shape.shared ? 1 : shape.channels;
  const int64_t inner = shape.shared ? shape.channels * shape.inner : shape.inner;
  Reduce<Device>(
      outputs, shape.num, inner,
      [=] CAFFE_HD(int64_t c, int64_t n, int64_t k) {
        const int64_t i = (n * outputs + c) * inner + k;
        return x[i] > Dtype(0) ? Dtype(0) : dy[i] * x[i];
      },
      [=] CAFFE_HD(int64_t c, Dtype sum) { dslopes[c] += sum; });
}

#define INSTANTIATE(Device, Dtype)                                                           \
  template void prelu_forward<Device, Dtype>(PReLUShape, const Dtype*, const Dtype*, Dtype*, \
                                             Dtype*);                                        \
  template void prelu_backward<Device, Dtype>(PReLUShape, const Dtype*, const Dtype*,        \
                                              const Dtype*, Dtype*);                         \
  template void prelu_slope_gradient<Device, Dtype>(PReLUShape, const Dtype*, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
