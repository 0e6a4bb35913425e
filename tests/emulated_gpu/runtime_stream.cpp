// The CUDA runtime's calls about streams and events.
#include <cuda_runtime.h>

#include <chrono>
#include <memory>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/graph.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/sites.hpp"

using namespace emulated_gpu;

namespace {

double Now() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// A capture and what is outside of it do not wait for each other.
cudaError_t Spoil(Capture& capture) {
  capture.Invalidate();
  return Fail(cudaErrorStreamCaptureIsolation);
}

}  // namespace

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned int flags) {
  const Lock lock(Machine::Get().mutex);
  if (ThisDevice().broken != cudaSuccess) return Fail(ThisDevice().broken);
  const auto stream =
      std::make_shared<Stream>(CurrentDevice(), (flags & cudaStreamNonBlocking) == 0);
  *handle = reinterpret_cast<cudaStream_t>(stream.get());
  ThisDevice().streams[*handle] = stream;
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* handle) {
  return cudaStreamCreateWithFlags(handle, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  const Lock lock(Machine::Get().mutex);
  // What is left in it still runs.
  ThisDevice().destroyed.push_back(StreamOf(handle));
  ThisDevice().streams.erase(handle);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  if (IsIgnoredCall("cudaStreamSynchronize")) return cudaSuccess;
  const Lock lock(Machine::Get().mutex);
  const std::shared_ptr<Stream> stream = StreamOf(handle);
  if (const cudaError_t status = CheckNotCapturing(stream)) return status;
  stream->RunAll();
  return Fail(ThisDevice().broken);
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  const Lock lock(Machine::Get().mutex);
  const std::shared_ptr<Stream> stream = StreamOf(handle);
  if (const cudaError_t status = CheckNotCapturing(stream)) return status;
  if (stream->is_done(stream->position())) return cudaSuccess;
  // Whoever asks again and again gets there.
  stream->RunAll();
  return cudaErrorNotReady;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned int) {
  if (IsIgnoredCall("cudaStreamWaitEvent")) return cudaSuccess;
  const Lock lock(Machine::Get().mutex);
  const Event& event = EventOf(event_handle);
  if (event.stream == nullptr) return cudaSuccess;
  const std::shared_ptr<Stream> stream = StreamOf(handle);
  std::shared_ptr<Capture> capture = CaptureOf(stream);
  if (event.capture != nullptr) {
    if (capture != nullptr && capture != event.capture) return Spoil(*capture);
    // The stream takes part in the event's capture from now on.
    capture = event.capture;
  } else if (capture != nullptr) {
    return Spoil(*capture);  // what happens before the capture cannot be part of it
  }
  const std::shared_ptr<Stream> target = capture ? capture->Recording(stream) : stream;
  target->Put({.awaited = event.stream, .position = event.position});
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned int flags) {
  const Lock lock(Machine::Get().mutex);
  if (ThisDevice().broken != cudaSuccess) return Fail(ThisDevice().broken);
  Event* const event = new Event;
  event->timed = (flags & cudaEventDisableTiming) == 0;
  *handle = reinterpret_cast<cudaEvent_t>(event);
  Machine::Get().events.insert(*handle);
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* handle) { return cudaEventCreateWithFlags(handle, 0); }

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  const Lock lock(Machine::Get().mutex);
  // Kept, as work in a stream may still write its time; it cannot be named any more.
  EventOf(handle);
  Machine::Get().events.erase(handle);
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream) {
  if (IsIgnoredCall("cudaEventRecord")) return cudaSuccess;
  const Lock lock(Machine::Get().mutex);
  Event& event = EventOf(handle);
  Enqueue(stream, [&event] { event.milliseconds = Now(); });
  const std::shared_ptr<Stream> recorded = StreamOf(stream);
  event.capture = CaptureOf(recorded);
  event.stream = event.capture ? event.capture->Recording(recorded) : recorded;
  event.position = event.stream->position();
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  if (IsIgnoredCall("cudaEventSynchronize")) return cudaSuccess;
  const Lock lock(Machine::Get().mutex);
  const Event& event = EventOf(handle);
  if (event.capture != nullptr) return Fail(cudaErrorCapturedEvent);
  if (event.stream != nullptr) event.stream->RunUntil(event.position);
  return Fail(ThisDevice().broken);
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  const Lock lock(Machine::Get().mutex);
  const Event& event = EventOf(handle);
  if (event.capture != nullptr) return Fail(cudaErrorCapturedEvent);
  if (event.stream == nullptr || event.stream->is_done(event.position)) return cudaSuccess;
  event.stream->RunUntil(event.position);
  return cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  const Lock lock(Machine::Get().mutex);
  for (const cudaEvent_t handle : {start, end}) {
    const Event& event = EventOf(handle);
    if (!event.timed || event.stream == nullptr) return Fail(cudaErrorInvalidResourceHandle);
    if (!event.stream->is_done(event.position)) return Fail(cudaErrorNotReady);
  }
  *milliseconds = static_cast<float>(EventOf(end).milliseconds - EventOf(start).milliseconds);
  return cudaSuccess;
}

}  // extern "C"
