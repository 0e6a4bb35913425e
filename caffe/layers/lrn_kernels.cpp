#include "caffe/layers/lrn_kernels.hpp"

#include <cmath>

#include "caffe/device/launch.hpp"

namespace caffe {

namespace lrn {

CAFFE_HD inline int Lower(int at, int half) { return at > half ? at - half : 0; }
CAFFE_HD inline int Upper(int at, int half, int size) {
  return at + half < size ? at + half + 1 : size;
}

template <class T>
struct Square {
  const T* x;
  CAFFE_HD T operator()(int64_t i) const { return x[i] * x[i]; }
};

/// What an element's output contributes to the gradients of its neighbours.
template <class T>
struct Share {
  const T *dy, *y, *scale;
  CAFFE_HD T operator()(int64_t i) const { return dy[i] * y[i] / scale[i]; }
};

/// The sum of term(index) over the neighbours of pixel k of plane p.
template <class T, class Term>
CAFFE_HD T SumAround(const LrnShape& s, int64_t p, int64_t k, const Term& term) {
  const int64_t pixels = int64_t(s.height) * s.width;
  const int half = s.size / 2;
  T sum = 0;
  if (s.within) {
    const int h = int(k / s.width), w = int(k % s.width);
    for (int y = Lower(h, half); y < Upper(h, half, s.height); ++y) {
      for (int x = Lower(w, half); x < Upper(w, half, s.width); ++x) {
        sum += term(p * pixels + int64_t(y) * s.width + x);
      }
    }
  } else {
    const int c = int(p % s.channels);
    for (int other = Lower(c, half); other < Upper(c, half, s.channels); ++other) {
      sum += term((p + other - c) * pixels + k);
    }
  }
  return sum;
}

}  // namespace lrn

template <class Device, class Dtype>
void lrn_scale(LrnShape shape, Dtype k, Dtype factor, const Dtype* x, Dtype* scale) {
  const int64_t pixels = int64_t(shape.height) * shape.width;
  ForEachPlane<Device>(
      int64_t(shape.num) * shape.channels, pixels, [=] CAFFE_HD(int64_t p, int64_t i) {
        const lrn::Square<Dtype> square{x};
        scale[p * pixels + i] = k + factor * lrn::SumAround<Dtype>(shape, p, i, square);
      });
}

template <class Device, class Dtype>
void lrn_forward(LrnShape shape, Dtype beta, const Dtype* x, const Dtype* scale, Dtype* y) {
  const int64_t n = int64_t(shape.num) * shape.channels * shape.height * shape.width;
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = x[i] * pow(scale[i], -beta); });
}

template <class Device, class Dtype>
void lrn_backward(LrnShape shape, Dtype factor, Dtype beta, const Dtype* x, const Dtype* y,
                  const Dtype* scale, const Dtype* dy, Dtype* dx) {
  const int64_t pixels = int64_t(shape.height) * shape.width;
  ForEachPlane<Device>(
      int64_t(shape.num) * shape.channels, pixels, [=] CAFFE_HD(int64_t p, int64_t k) {
        const lrn::Share<Dtype> share{dy, y, scale};
        const int64_t i = p * pixels + k;
        dx[i] = dy[i] * pow(scale[i], -beta) -
                Dtype(2) * factor * beta * x[i] * lrn::SumAround<Dtype>(shape, p, k, share);
      });
}

#define INSTANTIATE(Device, Dtype)                                                               \
  template void lrn_scale<Device, Dtype>(LrnShape, Dtype, Dtype, const Dtype*, Dtype*);          \
  template void lrn_forward<Device, Dtype>(LrnShape, Dtype, const Dtype*, const Dtype*, Dtype*); \
  template void lrn_backward<Device, Dtype>(LrnShape, Dtype, Dtype, const Dtype*, const Dtype*,  \
                                            const Dtype*, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
