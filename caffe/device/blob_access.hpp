#ifndef CAFFE_DEVICE_BLOB_ACCESS_HPP_
#define CAFFE_DEVICE_BLOB_ACCESS_HPP_

#include <type_traits>

#include "caffe/blob.hpp"
#include "caffe/device/device.hpp"

namespace caffe {

/// A blob's pointers on the device that a template argument names, so that a layer's maths is
/// written once: Data<Device>(*bottom[0]), MutableData<Device>(top[0]).

template <typename Device, typename Dtype>
const Dtype* Data(const Blob<Dtype>& blob) {
  if constexpr (std::is_same_v<Device, Cpu>)
    return blob.cpu_data();
  else
    return blob.gpu_data();
}

template <typename Device, typename Dtype>
Dtype* MutableData(Blob<Dtype>* blob) {
  if constexpr (std::is_same_v<Device, Cpu>)
    return blob->mutable_cpu_data();
  else
    return blob->mutable_gpu_data();
}

template <typename Device, typename Dtype>
const Dtype* Diff(const Blob<Dtype>& blob) {
  if constexpr (std::is_same_v<Device, Cpu>)
    return blob.cpu_diff();
  else
    return blob.gpu_diff();
}

template <typename Device, typename Dtype>
Dtype* MutableDiff(Blob<Dtype>* blob) {
  if constexpr (std::is_same_v<Device, Cpu>)
    return blob->mutable_cpu_diff();
  else
    return blob->mutable_gpu_diff();
}

}  // namespace caffe

#endif  // CAFFE_DEVICE_BLOB_ACCESS_HPP_
