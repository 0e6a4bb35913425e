#ifndef CAFFE_TESTS_CAFFE_NATIVE_CUDA_GPU_MODELS_HPP_
#define CAFFE_TESTS_CAFFE_NATIVE_CUDA_GPU_MODELS_HPP_

#include <array>
#include <cstddef>
#include <sstream>
#include <string>

#include "caffe/native/cuda/cudnn_backend.hpp"

namespace caffe {

/// A GPU that cuDNN can be asked about without having one; figures from NVIDIA's data sheets.
struct GpuModel {
  const char* name;
  int compute_capability;  ///< 10 * major + minor
  int multiprocessors;
  int shared_memory;  ///< bytes that one block can have
  size_t memory_gib;
  size_t l2_mib;
};

inline constexpr std::array<GpuModel, 6> kGpuModels = {{
    {"A100", 80, 108, 166912, 40, 40},
    {"RTX 3090", 86, 82, 101376, 24, 6},
    {"RTX 4090", 89, 128, 101376, 24, 72},
    {"H200", 90, 132, 232448, 141, 60},
    {"B200", 100, 148, 232448, 192, 126},
    {"RTX 5090", 120, 170, 101376, 32, 96},
}};

/// The finalised description that stands in for the GPU in cuDNN's heuristics and plans.
inline cuda::BackendDescriptor Properties(const GpuModel& gpu) {
  std::ostringstream json;
  json << R"({"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"deviceVer":)"
       << gpu.compute_capability * 10
       << R"(,"driverVer":13000,"cudaDeviceId":0,"regsPerBlock":65536,"multiProcessorCount":)"
       << gpu.multiprocessors
       << R"(,"smClockRateKHz":1980000,"memClockRateKHz":3201000,"l2CacheSize":)"
       << (gpu.l2_mib << 20) << R"(,"warpSize":32,"maxSharedMemoryPerBlock":49152,)"
       << R"("maxSharedMemoryPerBlockOptin":)" << gpu.shared_memory
       << R"(,"reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"pciDeviceId":0,)"
       << R"("maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":)"
       << (gpu.shared_memory > 110000 ? 2048 : 1536)
       << R"(,"isTccDriver":0,"supportCoopLaunch":1,"totalGlobalMem":)" << (gpu.memory_gib << 30)
       << R"(,"deviceName":"NVIDIA )" << gpu.name << R"("})";
  const std::string text = json.str();
  cuda::BackendDescriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties.Set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                 static_cast<int64_t>(text.size()), text.data());
  properties.Finalize();
  return properties;
}

}  // namespace caffe

#endif  // CAFFE_TESTS_CAFFE_NATIVE_CUDA_GPU_MODELS_HPP_
