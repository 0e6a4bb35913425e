#include "caffe/layers/axpy_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void axpy_forward(int64_t planes, int64_t inner, const Dtype* a, const Dtype* x, const Dtype* y,
                  Dtype* z) {
  ForEachPlane<Device>(planes, inner, [=] CAFFE_HD(int64_t p, int64_t k) {
    const int64_t i = p * inner + k;
    z[i] = a[p] * x[i] + y[i];
  });
}

template <class Device, class Dtype>
void axpy_backward_x(int64_t planes, int64_t inner, const Dtype* a, const Dtype* dz, Dtype* dx) {
  ForEachPlane<Device>(planes, inner, [=] CAFFE_HD(int64_t p, int64_t k) {
    dx[p * inner + k] = a[p] * dz[p * inner + k];
  });
}

template <class Device, class Dtype>
void axpy_backward_a(int64_t planes, int64_t inner, const Dtype* x, const Dtype* dz, Dtype* da) {
  Reduce<Device>(
      planes, 1, inner,
      [=] CAFFE_HD(int64_t p, int64_t, int64_t k) { return dz[p * inner + k] * x[p * inner + k]; },
      [=] CAFFE_HD(int64_t p, Dtype sum) { da[p] = sum; });
}

#define INSTANTIATE(Device, Dtype)                                                           \
  template void axpy_forward<Device, Dtype>(int64_t, int64_t, const Dtype*, const Dtype*,    \
                                            const Dtype*, Dtype*);                           \
  template void axpy_backward_x<Device, Dtype>(int64_t, int64_t, const Dtype*, const Dtype*, \
                                               Dtype*);                                      \
  template void axpy_backward_a<Device, Dtype>(int64_t, int64_t, const Dtype*, const Dtype*, \
                                               Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
