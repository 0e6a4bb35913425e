#include "caffe/device/blas.hpp"
#include "caffe/device/launch.hpp"

namespace caffe {

template <typename Device, typename Dtype>
void Fill(int64_t n, Dtype value, Dtype* x) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { x[i] = value; });
}

template <typename Device, typename Dtype>
void Axpy(int64_t n, Dtype alpha, const Dtype* x, Dtype* y) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] += alpha * x[i]; });
}

template <typename Device, typename Dtype>
void Scal(int64_t n, Dtype alpha, Dtype* x) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { x[i] *= alpha; });
}

#define INSTANTIATE(Device, Dtype)                                         \
  template void Fill<Device, Dtype>(int64_t, Dtype, Dtype*);               \
  template void Axpy<Device, Dtype>(int64_t, Dtype, const Dtype*, Dtype*); \
  template void Scal<Device, Dtype>(int64_t, Dtype, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
