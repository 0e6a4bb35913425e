#ifndef CAFFE_DEVICE_DEVICES_HPP_
#define CAFFE_DEVICE_DEVICES_HPP_

#include <string>

namespace caffe {

/// GPUs of this machine; 0 without a driver and in a build without CUDA.
int GpuCount();
/// "NVIDIA H200". Throws Error if there is no such device.
std::string GpuName(int device);

}  // namespace caffe

#endif  // CAFFE_DEVICE_DEVICES_HPP_
