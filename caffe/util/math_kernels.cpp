#include "caffe/util/math_kernels.hpp"

#include "caffe/util/random_draws.hpp"

namespace caffe {

template <typename Device, template <typename> class Op, typename Dtype>
void MapUnary(int64_t n, const Dtype* a, Dtype* y) {
  const Op<Dtype> op;
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = op(a[i]); });
}

template <typename Device, template <typename> class Op, typename Dtype>
void MapBinary(int64_t n, const Dtype* a, const Dtype* b, Dtype* y) {
  const Op<Dtype> op;
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = op(a[i], b[i]); });
}

template <typename Device, template <typename> class Op, typename Dtype>
void MapScalar(int64_t n, const Dtype* a, Dtype b, Dtype* y) {
  const Op<Dtype> op;
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = op(a[i], b); });
}

template <typename Device, typename Dtype>
void Axpby(int64_t n, Dtype alpha, const Dtype* x, Dtype beta, Dtype* y) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = alpha * x[i] + beta * y[i]; });
}

template <typename Device>
void FillIntegers(int64_t n, int value, int* x) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { x[i] = value; });
}

template <typename Device, typename Dtype>
void FillUniform(int64_t n, Philox philox, uint64_t first, Dtype a, Dtype b, Dtype* r) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { r[i] = UniformDraw(philox, first, i, a, b); });
}

template <typename Device, typename Dtype>
void FillGaussian(int64_t n, Philox philox, uint64_t first, Dtype mu, Dtype sigma, Dtype* r) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { r[i] = GaussianDraw(philox, first, i, mu, sigma); });
}

template <typename Device, typename Dtype>
void FillBernoulli(int64_t n, Philox philox, uint64_t first, Dtype p, int* r) {
  const uint64_t bound = BernoulliBound(p);
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { r[i] = BernoulliDraw(philox, first, i, bound); });
}

template <typename Device>
void FillWords(int64_t n, Philox philox, uint64_t first, unsigned int* r) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { r[i] = philox.u32(first + i); });
}

#define UNARY(Op, Device, Dtype) \
  template void MapUnary<Device, math::Op, Dtype>(int64_t, const Dtype*, Dtype*);
#define BINARY(Op, Device, Dtype) \
  template void MapBinary<Device, math::Op, Dtype>(int64_t, const Dtype*, const Dtype*, Dtype*);
#define SCALAR(Op, Device, Dtype) \
  template void MapScalar<Device, math::Op, Dtype>(int64_t, const Dtype*, Dtype, Dtype*);
#define INSTANTIATE(Device, Dtype)                                                            \
  UNARY(Square, Device, Dtype)                                                                \
  UNARY(SquareRoot, Device, Dtype)                                                            \
  UNARY(Exponential, Device, Dtype)                                                           \
  UNARY(Logarithm, Device, Dtype)                                                             \
  UNARY(Absolute, Device, Dtype)                                                              \
  UNARY(Sign, Device, Dtype)                                                                  \
  UNARY(SignBit, Device, Dtype)                                                               \
  BINARY(Add, Device, Dtype)                                                                  \
  BINARY(Subtract, Device, Dtype)                                                             \
  BINARY(Multiply, Device, Dtype)                                                             \
  BINARY(Divide, Device, Dtype)                                                               \
  SCALAR(Add, Device, Dtype)                                                                  \
  SCALAR(Multiply, Device, Dtype)                                                             \
  SCALAR(Power, Device, Dtype)                                                                \
  template void Axpby<Device, Dtype>(int64_t, Dtype, const Dtype*, Dtype, Dtype*);            \
  template void FillUniform<Device, Dtype>(int64_t, Philox, uint64_t, Dtype, Dtype, Dtype*);  \
  template void FillGaussian<Device, Dtype>(int64_t, Philox, uint64_t, Dtype, Dtype, Dtype*); \
  template void FillBernoulli<Device, Dtype>(int64_t, Philox, uint64_t, Dtype, int*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

#define INSTANTIATE_INTEGER(Device)                       \
  template void FillIntegers<Device>(int64_t, int, int*); \
  template void FillWords<Device>(int64_t, Philox, uint64_t, unsigned int*);
CAFFE_INSTANTIATE_DEVICES(INSTANTIATE_INTEGER)

}  // namespace caffe
