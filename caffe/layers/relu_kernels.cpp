#include "caffe/layers/relu_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void relu_forward(int64_t n, Dtype slope, const Dtype* x, Dtype* y) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    // The product is formed always: a choice between two values needs no branch.
    const Dtype v = x[i];
    const Dtype scaled = slope * v;
    y[i] = v <= Dtype(0) ? scaled : v;
  });
}

template <class Device, class Dtype>
void relu_backward(int64_t n, Dtype slope, const Dtype* x, const Dtype* dy, Dtype* dx) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const Dtype g = dy[i];
    const Dtype scaled = slope * g;
    dx[i] = x[i] <= Dtype(0) ? scaled : g;
  });
}

#define INSTANTIATE(Device, Dtype)                                                 \
  template void relu_forward<Device, Dtype>(int64_t, Dtype, const Dtype*, Dtype*); \
  template void relu_backward<Device, Dtype>(int64_t, Dtype, const Dtype*, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
