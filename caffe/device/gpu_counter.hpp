#ifndef CAFFE_DEVICE_GPU_COUNTER_HPP_
#define CAFFE_DEVICE_GPU_COUNTER_HPP_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <typeinfo>

namespace caffe {

/// What the process asked of its GPUs while it counted. Streams are numbered in the order of their
/// first use.
struct GpuCounts {
  struct Transfers {
    int64_t calls = 0;
    int64_t bytes = 0;
  };
  /// What one stream was given.
  struct OfStream {
    std::map<std::string, int64_t> launches;  // by kernel or library call
    Transfers to_gpu, to_host, on_gpu, fills;
  };

  std::map<int, OfStream> streams;
  Transfers allocations;
  /// Calls that made a thread wait for the GPU: the thread that started the count, other threads.
  std::map<std::string, int64_t> waits, waits_elsewhere;

  int64_t launches() const;
  /// The sum over streams of one kind of transfer.
  Transfers Sum(Transfers OfStream::*kind) const;
  /// Tables for people.
  std::string ToText() const;
};

/// Counts from now on, from zero.
void StartGpuCounts();
/// Ends the count and returns it.
GpuCounts StopGpuCounts();

/// Called where the work is started; they cost next to nothing while nobody counts. `stream` tells
/// streams apart.
void CountGpuLaunch(const std::type_info& kernel, const void* stream);
void CountGpuLaunch(const char* library_call, const void* stream);
void CountGpuTransfer(GpuCounts::Transfers GpuCounts::OfStream::*kind, size_t bytes,
                      const void* stream);
void CountGpuAllocation(size_t bytes);
void CountGpuWait(const char* call);

}  // namespace caffe

#endif  // CAFFE_DEVICE_GPU_COUNTER_HPP_
