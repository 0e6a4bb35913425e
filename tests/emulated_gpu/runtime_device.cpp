// The CUDA runtime's calls about devices, errors and functions.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>

#include "tests/emulated_gpu/graph.hpp"
#include "tests/emulated_gpu/launch.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/sites.hpp"

using namespace emulated_gpu;

namespace {

int DeviceCount() { return static_cast<int>(Machine::Get().devices.size()); }

}  // namespace

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  *count = DeviceCount();
  return *count > 0 ? cudaSuccess : Fail(cudaErrorNoDevice);
}

cudaError_t cudaGetDevice(int* device) {
  if (DeviceCount() == 0) return Fail(cudaErrorNoDevice);
  *device = CurrentDevice();
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= DeviceCount()) return Fail(cudaErrorInvalidDevice);
  SetCurrentDevice(device);
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= DeviceCount()) return Fail(cudaErrorInvalidDevice);
  *properties = cudaDeviceProp{};
  std::snprintf(properties->name, sizeof(properties->name), "Emulated GPU");
  properties->totalGlobalMem = Machine::Get().memory();
  properties->sharedMemPerBlock = 48 << 10;
  properties->sharedMemPerBlockOptin = 227 << 10;
  properties->regsPerBlock = 65536;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = 1024;
  const int threads[] = {1024, 1024, 64}, grid[] = {INT32_MAX, 65535, 65535};
  std::memcpy(properties->maxThreadsDim, threads, sizeof(threads));
  std::memcpy(properties->maxGridSize, grid, sizeof(grid));
  properties->major = 9;
  properties->multiProcessorCount = 132;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device < 0 || device >= DeviceCount()) return Fail(cudaErrorInvalidDevice);
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = 0;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = 132;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = 227 << 10;
      break;
    case cudaDevAttrWarpSize:
      *value = 32;
      break;
    default:
      *value = 1;
      break;
  }
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  if (IsIgnoredCall("cudaDeviceSynchronize")) return cudaSuccess;
  const Lock lock(Machine::Get().mutex);
  if (const cudaError_t status = CheckNoCapture()) return status;
  RunDevice();
  return Fail(ThisDevice().broken);
}

cudaError_t cudaGetLastError() { return LastError(true); }
cudaError_t cudaPeekAtLastError() { return LastError(false); }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    default:
      return "cudaError";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorIllegalAddress:
      return "an illegal memory access was encountered";
    case cudaErrorNotReady:
      return "device not ready";
    default:
      return "an error of the emulated GPU";
  }
}

cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value > 227 << 10) return Fail(cudaErrorInvalidValue);
  const Lock lock(Machine::Get().mutex);
  AllowSharedMemory(value);
  return cudaSuccess;
}

}  // extern "C"
