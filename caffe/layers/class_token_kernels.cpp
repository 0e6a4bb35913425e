#include "caffe/layers/class_token_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void class_token_forward(TokenShape shape, const Dtype* x, const Dtype* token, Dtype* y) {
  const int64_t item = shape.tokens * shape.features, features = shape.features;
  ForEachPlane<Device>(shape.num, features, [=] CAFFE_HD(int64_t n, int64_t k) {
    y[n * (item + features) + k] = token[k];
  });
  ForEachPlane<Device>(shape.num, item, [=] CAFFE_HD(int64_t n, int64_t k) {
    y[n * (item + features) + features + k] = x[n * item + k];
  });
}

template <class Device, class Dtype>
void class_token_backward(TokenShape shape, const Dtype* dy, Dtype* dx) {
  const int64_t item = shape.tokens * shape.features, features = shape.features;
  ForEachPlane<Device>(shape.num, item, [=] CAFFE_HD(int64_t n, int64_t k) {
    dx[n * item + k] = dy[n * (item + features) + features + k];
  });
}

template <class Device, class Dtype>
void class_token_gradient(TokenShape shape, const Dtype* dy, Dtype* dtoken) {
  const int64_t step = (shape.tokens + 1) * shape.features;
  Reduce<Device>(
      shape.features, 1, shape.num,
      [=] CAFFE_HD(int64_t k, int64_t, int64_t n) -> Dtype { return dy[n * step + k]; },
      [=] CAFFE_HD(int64_t k, Dtype sum) { dtoken[k] += sum; });
}

#define INSTANTIATE(Device, Dtype)                                                         \
  template void class_token_forward<Device, Dtype>(TokenShape, const Dtype*, const Dtype*, \
                                                   Dtype*);                                \
  template void class_token_backward<Device, Dtype>(TokenShape, const Dtype*, Dtype*);     \
  template void class_token_gradient<Device, Dtype>(TokenShape, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
