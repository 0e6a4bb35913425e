#include "caffe/device/context.hpp"

#include "caffe/common.hpp"
#include "caffe/device/devices.hpp"

namespace caffe {

void ResetGpuGenerators() noexcept {}

int GpuCount() { return 0; }
string GpuName(int) { NO_GPU; }

void Caffe::SetDevice(const int) { NO_GPU; }
void Caffe::DeviceQuery() { NO_GPU; }
bool Caffe::CheckDevice(const int) { return false; }
int Caffe::FindDevice(const int) { return -1; }

}  // namespace caffe
