#include "caffe/layers/eltwise_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void weighted_sum(int64_t n, Dtype alpha, const Dtype* a, Dtype beta, const Dtype* b, Dtype* y) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = alpha * a[i] + beta * b[i]; });
}

template <class Device, class Dtype>
void scaled_copy(int64_t n, Dtype alpha, const Dtype* x, Dtype* y) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = alpha * x[i]; });
}

template <class Device, class Dtype>
void product(int64_t n, const Dtype* a, const Dtype* b, Dtype* y) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = a[i] * b[i]; });
}

template <class Device, class Dtype>
void quotient_product(int64_t n, const Dtype* dy, const Dtype* y, const Dtype* x, Dtype* dx) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { dx[i] = y[i] / x[i] * dy[i]; });
}

template <class Device, class Dtype>
void larger(int64_t n, const Dtype* a, const Dtype* b, Dtype* y, int* source) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const Dtype u = a[i], v = b[i];
    const bool first = u > v || u != u;  // NaN wins
    y[i] = first ? u : v;
    source[i] = first ? 0 : 1;
  });
}

template <class Device, class Dtype>
void larger_than_before(int64_t n, int id, bool wins_ties, const Dtype* x, Dtype* y, int* source) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const Dtype v = x[i], best = y[i];
    const bool wins = v > best || v != v || (wins_ties && v == best);
    y[i] = wins ? v : best;
    source[i] = wins ? id : source[i];
  });
}

template <class Device, class Dtype>
void larger_backward(int64_t n, int id, const int* source, const Dtype* dy, Dtype* dx) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { dx[i] = source[i] == id ? dy[i] : Dtype(0); });
}

#define INSTANTIATE(Device, Dtype)                                                                 \
  template void weighted_sum<Device, Dtype>(int64_t, Dtype, const Dtype*, Dtype, const Dtype*,     \
                                            Dtype*);                                               \
  template void scaled_copy<Device, Dtype>(int64_t, Dtype, const Dtype*, Dtype*);                  \
  template void product<Device, Dtype>(int64_t, const Dtype*, const Dtype*, Dtype*);               \
  template void quotient_product<Device, Dtype>(int64_t, const Dtype*, const Dtype*, const Dtype*, \
                                                Dtype*);                                           \
  template void larger<Device, Dtype>(int64_t, const Dtype*, const Dtype*, Dtype*, int*);          \
  template void larger_than_before<Device, Dtype>(int64_t, int, bool, const Dtype*, Dtype*, int*); \
  template void larger_backward<Device, Dtype>(int64_t, int, const int*, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
