#ifndef TESTS_EMULATED_GPU_GRAPH_HPP_
#define TESTS_EMULATED_GPU_GRAPH_HPP_

#include <cuda_runtime.h>

#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "tests/emulated_gpu/stream.hpp"

namespace emulated_gpu {

/// Streams that are being captured together: work that they are given is kept in recordings, one
/// for each, and does not run. The origin's recording comes to depend on the others when it waits
/// for their events. All members need the machine's mutex.
class Capture {
 public:
  Capture(std::shared_ptr<Stream> origin, cudaStreamCaptureMode mode)
      : origin_(std::move(origin)), mode_(mode), thread_(std::this_thread::get_id()) {}

  /// What is kept of a stream; the stream takes part from now on.
  std::shared_ptr<Stream> Recording(const std::shared_ptr<Stream>& stream);
  bool HasStream(const std::shared_ptr<Stream>& stream) const {
    return recordings_.count(stream) != 0;
  }
  bool HasRecording(const Stream* recording) const;
  const std::shared_ptr<Stream>& origin() const { return origin_; }

  /// Something was done that a capture does not allow: there will be no graph.
  void Invalidate() { valid_ = false; }
  bool valid() const { return valid_; }
  /// Whether calls that may wait, such as cudaMalloc, are forbidden to this thread.
  bool ForbidsWaiting() const;
  /// Whether the origin waits for everything that was recorded.
  bool IsJoined() const;

  /// The recordings as streams that can run once, with what was frozen in them.
  std::shared_ptr<Stream> Replay() const;

 private:
  std::shared_ptr<Stream> origin_;
  cudaStreamCaptureMode mode_;
  std::thread::id thread_;
  bool valid_ = true;
  std::map<std::shared_ptr<Stream>, std::shared_ptr<Stream>> recordings_;
};

/// The capture that a stream takes part in, or null.
std::shared_ptr<Capture> CaptureOf(const std::shared_ptr<Stream>& stream);

/// cudaSuccess unless a capture forbids the calling thread what may wait for the device, such as
/// allocating; then the capture is spoilt.
cudaError_t CheckNoCapture();
/// The same for waiting for one stream.
cudaError_t CheckNotCapturing(const std::shared_ptr<Stream>& stream);

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_GRAPH_HPP_
