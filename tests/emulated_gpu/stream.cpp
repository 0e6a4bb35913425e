#include "tests/emulated_gpu/stream.hpp"

#include <utility>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/graph.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/settings.hpp"

namespace emulated_gpu {
namespace {

bool RunsAtOnce() {
  static const std::string order = TextSetting("ORDER", "lazy");
  return order == "eager" || (order == "random" && Machine::Get().Random(2) == 0);
}

/// The legacy default stream starts after everything in blocking streams, and they go on after
/// it.
void OrderByDefaultStream(Stream& stream) {
  Device& device = ThisDevice();
  if (&stream != device.legacy.get()) {
    const uint64_t position = device.legacy->position();
    if (stream.blocking() && !device.legacy->is_done(position)) {
      stream.Put({.awaited = device.legacy, .position = position});
    }
    return;
  }
  for (const auto& [handle, other] : device.streams) {
    if (const auto capture = other->blocking() ? CaptureOf(other) : nullptr) {
      // The default stream would have to wait for what is not to run.
      capture->Invalidate();
      Fail(cudaErrorStreamCaptureImplicit);
      continue;
    }
    if (other->blocking() && !other->is_done(other->position())) {
      stream.Put({.awaited = other, .position = other->position()});
    }
  }
}

}  // namespace

void Stream::Put(Operation operation) {
  waiting_.push_back(std::move(operation));
  ++put_;
}

void Stream::RunUntil(uint64_t position) {
  if (done_ >= position) return;
  const DeviceAccess access;
  while (done_ < position && !waiting_.empty()) {
    const Operation next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.awaited != nullptr) next.awaited->RunUntil(next.position);
    if (next.work) next.work();
    ++done_;
  }
}

std::shared_ptr<Stream> StreamOf(cudaStream_t handle) {
  Machine& machine = Machine::Get();
  if (handle == nullptr || handle == cudaStreamLegacy) return ThisDevice().legacy;
  const auto found = ThisDevice().streams.find(handle);
  if (found != ThisDevice().streams.end()) return found->second;
  for (size_t i = 0; i < machine.devices.size(); ++i) {
    const auto elsewhere = machine.devices[i].streams.find(handle);
    if (elsewhere == machine.devices[i].streams.end()) continue;
    Fault("a stream of GPU %zu is used while GPU %d is current", i, CurrentDevice());
    return elsewhere->second;
  }
  Fault("stream %p does not exist, or was destroyed", static_cast<void*>(handle));
  return ThisDevice().legacy;
}

Event& EventOf(cudaEvent_t handle) {
  if (Machine::Get().events.count(handle) == 0) {
    Fault("event %p does not exist, or was destroyed", static_cast<void*>(handle));
    std::abort();
  }
  return *reinterpret_cast<Event*>(handle);
}

void Enqueue(cudaStream_t handle, std::function<void()> work) {
  const std::shared_ptr<Stream> stream = StreamOf(handle);
  if (const std::shared_ptr<Capture> capture = CaptureOf(stream)) {
    capture->Recording(stream)->Put({.work = std::move(work)});
    return;
  }
  OrderByDefaultStream(*stream);
  stream->Put({.work = std::move(work)});
  if (RunsAtOnce()) stream->RunAll();
}

void RunDevice() {
  Device& device = ThisDevice();
  device.legacy->RunAll();
  for (const auto& [handle, stream] : device.streams) stream->RunAll();
  for (const auto& stream : device.destroyed) stream->RunAll();
  device.destroyed.clear();
}

}  // namespace emulated_gpu
