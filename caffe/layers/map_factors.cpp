#include "caffe/layers/map_factors.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/device/blob_access.hpp"
#include "caffe/layers/eltwise_kernels.hpp"
#include "caffe/layers/map_factor_kernels.hpp"

namespace caffe {

template <class Device, class Dtype>
void ScaleMaps(BlobPart part, const Blob<Dtype>& factor, const Blob<Dtype>& from, Blob<Dtype>* to) {
  if (from.count() == 0) return;
  // A format reads and writes through pointers that are not const.
  auto* source = const_cast<Blob<Dtype>*>(&from);
  BlockFormat<Device, Dtype> format(part, {source}, {source});
  const int64_t num = from.shape(0);
  MapLayout layout{.num = num, .channels = factor.count() / num};
  layout.positions = from.count() / factor.count();
  // A sample is one run of memory in every layout.
  if (layout.channels > 1) layout.block = format.block();
  const Dtype* x = format.Read(from);
  scale_maps<Device>(layout, Data<Device>(factor), x, format.Write(to));
}

template <class Device, class Dtype>
void ScaleAll(BlobPart part, Dtype factor, const Blob<Dtype>& from, Blob<Dtype>* to) {
  if (from.count() == 0 || (&from == to && factor == Dtype(1))) return;
  auto* source = const_cast<Blob<Dtype>*>(&from);
  BlockFormat<Device, Dtype> format(part, {source}, {source});
  const Dtype* x = format.Read(from);
  Dtype* y = format.Write(to);
  if (factor == Dtype(1))
    Copy<Device>(from.count(), x, y);
  else
    scaled_copy<Device>(from.count(), factor, x, y);
}

#define INSTANTIATE(Device, Dtype)                                                         \
  template void ScaleMaps<Device, Dtype>(BlobPart, const Blob<Dtype>&, const Blob<Dtype>&, \
                                         Blob<Dtype>*);                                    \
  template void ScaleAll<Device, Dtype>(BlobPart, Dtype, const Blob<Dtype>&, Blob<Dtype>*);
INSTANTIATE(Cpu, float)
INSTANTIATE(Cpu, double)
INSTANTIATE(Gpu, float)
INSTANTIATE(Gpu, double)

}  // namespace caffe
