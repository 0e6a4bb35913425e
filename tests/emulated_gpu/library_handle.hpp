#ifndef TESTS_EMULATED_GPU_LIBRARY_HANDLE_HPP_
#define TESTS_EMULATED_GPU_LIBRARY_HANDLE_HPP_

#include <cuda_runtime.h>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/machine.hpp"

namespace emulated_gpu {

/// What the handles of cuBLAS, cuDNN and cuRAND have in common: a device, and a stream on it.
class LibraryHandle {
 public:
  LibraryHandle() : device_(CurrentDevice()) {}

  cudaStream_t stream() const {
    if (device_ != CurrentDevice()) {
      Fault("a library's handle of GPU %d is used while GPU %d is current", device_,
            CurrentDevice());
    }
    return stream_;
  }
  void set_stream(cudaStream_t stream) { stream_ = stream; }

  /// Faults where the stream is gone before the handle.
  void CheckStream(const char* call) const {
    const Lock lock(Machine::Get().mutex);
    const auto& streams = Machine::Get().devices.at(device_).streams;
    if (stream_ != nullptr && streams.count(stream_) == 0) {
      Fault("%s: the handle's stream was destroyed before it", call);
    }
  }

 private:
  int device_;
  cudaStream_t stream_ = nullptr;
};

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_LIBRARY_HANDLE_HPP_
