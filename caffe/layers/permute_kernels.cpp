#include "caffe/layers/permute_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <class Device, class Dtype>
void permute(const PermutedAxes& axes, const Dtype* from, Dtype* to) {
  const PermutedAxes a = axes;
  const int last = a.axes - 1;
  const int64_t inner = a.size[last], stride = a.stride[last];
  int64_t rows = 1;
  for (int i = 0; i < last; ++i) rows *= a.size[i];
  ForEachPlane<Device>(rows, inner, [=] CAFFE_HD(int64_t row, int64_t k) {
    int64_t rest = row, start = 0;
    for (int i = last - 1; i >= 0; --i) {
      start += rest % a.size[i] * a.stride[i];
      rest /= a.size[i];
    }
    to[row * inner + k] = from[start + k * stride];
  });
}

#define INSTANTIATE(Device, Dtype) \
  template void permute<Device, Dtype>(const PermutedAxes&, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
