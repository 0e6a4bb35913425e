#include <cuda_runtime.h>

#include <iomanip>

#include "caffe/common.hpp"
#include "caffe/device/devices.hpp"

namespace caffe {
namespace {

int Attribute(cudaDeviceAttr attribute, int device) {
  int value = 0;
  CUDA_CHECK(cudaDeviceGetAttribute(&value, attribute, device));
  return value;
}

string Triple(const int (&value)[3]) {
  return std::to_string(value[0]) + ", " + std::to_string(value[1]) + ", " +
         std::to_string(value[2]);
}

template <typename Value>
void LogLine(const char* label, const Value& value) {
  LOG(INFO) << std::left << std::setw(31) << string(label) + ":" << value;
}

}  // namespace

int GpuCount() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    cudaGetLastError();  // or the next launch check would report it
    return 0;
  }
  return count;
}

string GpuName(int device) {
  const int count = GpuCount();
  Require(device >= 0 && device < count, "There is no GPU ", device, ": this machine has ", count,
          ".");
  cudaDeviceProp properties;
  CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  return properties.name;
}

void Caffe::SetDevice(const int device_id) {
  const int count = GpuCount();
  Require(count > 0, "There is no usable GPU on this machine (wanted: ", device_id,
          "). Install NVIDIA's driver, or use the CPU.");
  Require(device_id >= 0 && device_id < count, "There is no GPU ", device_id, ": this machine has ",
          count, ", numbered from 0.");
  CUDA_CHECK(cudaSetDevice(device_id));
}

void Caffe::DeviceQuery() {
  if (GpuCount() == 0) {
    LOG(INFO) << "No usable GPU on this machine.";
    return;
  }
  int device = 0;
  cudaDeviceProp properties;
  CUDA_CHECK(cudaGetDevice(&device));
  CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  const auto yes_no = [device](cudaDeviceAttr attribute) {
    return Attribute(attribute, device) ? "Yes" : "No";
  };
  LogLine("Device id", device);
  LogLine("Major revision number", properties.major);
  LogLine("Minor revision number", properties.minor);
  LogLine("Name", properties.name);
  LogLine("Total global memory", properties.totalGlobalMem);
  LogLine("Total shared memory per block", properties.sharedMemPerBlock);
  LogLine("Total registers per block", properties.regsPerBlock);
  LogLine("Warp size", properties.warpSize);
  LogLine("Maximum memory pitch", properties.memPitch);
  LogLine("Maximum threads per block", properties.maxThreadsPerBlock);
  LogLine("Maximum dimension of block", Triple(properties.maxThreadsDim));
  LogLine("Maximum dimension of grid", Triple(properties.maxGridSize));
  LogLine("Clock rate", Attribute(cudaDevAttrClockRate, device));
  LogLine("Total constant memory", properties.totalConstMem);
  LogLine("Texture alignment", properties.textureAlignment);
  LogLine("Concurrent copy and execution", yes_no(cudaDevAttrGpuOverlap));
  LogLine("Number of multiprocessors", properties.multiProcessorCount);
  LogLine("Kernel execution timeout", yes_no(cudaDevAttrKernelExecTimeout));
}

bool Caffe::CheckDevice(const int device_id) {
  if (device_id < 0 || device_id >= GpuCount()) return false;
  // A device in exclusive use by another process fails only when a context is made.
  const bool usable = cudaSetDevice(device_id) == cudaSuccess && cudaFree(nullptr) == cudaSuccess;
  cudaGetLastError();
  return usable;
}

int Caffe::FindDevice(const int start_id) {
  const int count = GpuCount();
  for (int id = start_id; id < count; ++id) {
    if (CheckDevice(id)) return id;
  }
  return -1;
}

}  // namespace caffe
