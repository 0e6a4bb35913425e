#include "caffe/device/context.hpp"

#include "caffe/common.hpp"

namespace caffe {

void ResetGpuGenerators() noexcept {}

void Caffe::SetDevice(const int) { NO_GPU; }
void Caffe::DeviceQuery() { NO_GPU; }
bool Caffe::CheckDevice(const int) { return false; }
int Caffe::FindDevice(const int) { return -1; }

}  // namespace caffe
