#ifndef TESTS_EMULATED_GPU_STREAM_HPP_
#define TESTS_EMULATED_GPU_STREAM_HPP_

#include <cuda_runtime.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

namespace emulated_gpu {

class Capture;
class Stream;

/// One piece of a stream: work on device memory, or waiting for a place in another stream.
struct Operation {
  std::function<void()> work = nullptr;
  std::shared_ptr<Stream> awaited = nullptr;
  uint64_t position = 0;
};

/// Work in order. It runs when somebody waits for it and not before, so that whoever forgot to
/// wait sees that. All members need the machine's mutex.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  /// @param blocking  waits for the legacy default stream, which waits for it
  Stream(int device, bool blocking) : device_(device), blocking_(blocking) {}

  void Put(Operation operation);
  /// Runs the operations before `position`, and in other streams what those wait for.
  void RunUntil(uint64_t position);
  void RunAll() { RunUntil(put_); }

  /// The place behind everything that was put so far.
  uint64_t position() const { return put_; }
  bool is_done(uint64_t position) const { return done_ >= position; }
  int device() const { return device_; }
  bool blocking() const { return blocking_; }
  /// What has not run yet.
  const std::deque<Operation>& waiting() const { return waiting_; }

 private:
  std::deque<Operation> waiting_;
  uint64_t put_ = 0, done_ = 0;
  int device_;
  bool blocking_;
};

struct Event {
  std::shared_ptr<Stream> stream;  // null until recorded
  uint64_t position = 0;
  std::shared_ptr<Capture> capture;  // the stream is a recording of this one
  double milliseconds = 0;
  bool timed = true;
};

/// Finds what a handle names; faults on one that does not exist (any more) or is of another
/// device than the current one.
std::shared_ptr<Stream> StreamOf(cudaStream_t handle);
Event& EventOf(cudaEvent_t handle);

/// Puts work into a stream, after what the default stream's rules put before it.
void Enqueue(cudaStream_t stream, std::function<void()> work);

/// Runs everything that was put into any stream of the current device.
void RunDevice();

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_STREAM_HPP_
