#include "caffe/layers/permute_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

namespace {

/// Where a row of the result begins in the source.
CAFFE_HD inline int64_t RowStart(const PermutedAxes& a, int64_t row) {
  int64_t rest = row, start = 0;
  for (int i = a.axes - 2; i >= 0; --i) {
    start += rest % a.size[i] * a.stride[i];
    rest /= a.size[i];
  }
  return start;
}

int64_t Rows(const PermutedAxes& a) {
  int64_t rows = 1;
  for (int i = 0; i < a.axes - 1; ++i) rows *= a.size[i];
  return rows;
}

}  // namespace

template <class Device, class Dtype>
void permute(const PermutedAxes& axes, const Dtype* from, Dtype* to) {
  const PermutedAxes a = axes;
  const int64_t inner = a.size[a.axes - 1], stride = a.stride[a.axes - 1];
  ForEachPlane<Device>(Rows(a), inner, [=] CAFFE_HD(int64_t row, int64_t k) {
    to[row * inner + k] = from[RowStart(a, row) + k * stride];
  });
}

template <class Device, class Dtype>
void permute_back(const PermutedAxes& axes, const Dtype* from, Dtype* to) {
  const PermutedAxes a = axes;
  const int64_t inner = a.size[a.axes - 1], stride = a.stride[a.axes - 1];
  ForEachPlane<Device>(Rows(a), inner, [=] CAFFE_HD(int64_t row, int64_t k) {
    to[RowStart(a, row) + k * stride] = from[row * inner + k];
  });
}

#define INSTANTIATE(Device, Dtype)                                                 \
  template void permute<Device, Dtype>(const PermutedAxes&, const Dtype*, Dtype*); \
  template void permute_back<Device, Dtype>(const PermutedAxes&, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
