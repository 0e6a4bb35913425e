#include "caffe/layers/sigmoid_loss_kernels.hpp"

#include "caffe/device/axis_traversal.hpp"
#include "caffe/layers/functions.hpp"

namespace caffe {

template <class Device, class Dtype>
void sigmoid_loss_forward(int64_t n, IgnoreLabel ignored, const Dtype* x, const Dtype* t,
                          Dtype* sums) {
  Reduce<Device, PairPlus>(
      1, 1, n,
      [=] CAFFE_HD(int64_t, int64_t, int64_t i) -> Pair<Dtype> {
        if (ignored(static_cast<int>(t[i]))) return Pair<Dtype>{Dtype(0), Dtype(0)};
        // log(1 + e^x) - t x, with the exponent never above 0.
        return Pair<Dtype>{BNLLFunction<Dtype>().value(x[i]) - t[i] * x[i], Dtype(1)};
      },
      [=] CAFFE_HD(int64_t, Pair<Dtype> sum) {
        sums[0] = sum.first;
        sums[1] = sum.second;
      });
}

template <class Device, class Dtype>
void sigmoid_loss_backward(int64_t n, IgnoreLabel ignored, Dtype factor, const Dtype* x,
                           const Dtype* t, Dtype* dx) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
    const Dtype gradient = factor * (SigmoidFunction<Dtype>().value(x[i]) - t[i]);
    dx[i] = ignored(static_cast<int>(t[i])) ? Dtype(0) : gradient;
  });
}

#define INSTANTIATE(Device, Dtype)                                                              \
  template void sigmoid_loss_forward<Device, Dtype>(int64_t, IgnoreLabel, const Dtype*,         \
                                                    const Dtype*, Dtype*);                      \
  template void sigmoid_loss_backward<Device, Dtype>(int64_t, IgnoreLabel, Dtype, const Dtype*, \
                                                     const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
