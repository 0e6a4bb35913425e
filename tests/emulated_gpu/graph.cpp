#include "tests/emulated_gpu/graph.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/machine.hpp"

namespace emulated_gpu {
namespace {

/// The captures that have begun and not ended.
std::vector<std::shared_ptr<Capture>>& Captures() {
  static auto* const captures = new std::vector<std::shared_ptr<Capture>>;
  return *captures;
}

/// How far each recording is awaited by a walk that starts with `recording`.
void Follow(const Stream& recording, uint64_t position, std::map<const Stream*, uint64_t>* seen) {
  uint64_t& known = (*seen)[&recording];
  const uint64_t from = known;
  if (position <= from) return;
  known = position;
  for (uint64_t i = from; i < position; ++i) {
    const Operation& operation = recording.waiting()[i];
    if (operation.awaited != nullptr) Follow(*operation.awaited, operation.position, seen);
  }
}

}  // namespace

std::shared_ptr<Stream> Capture::Recording(const std::shared_ptr<Stream>& stream) {
  std::shared_ptr<Stream>& recording = recordings_[stream];
  if (recording == nullptr) recording = std::make_shared<Stream>(stream->device(), false);
  return recording;
}

bool Capture::HasRecording(const Stream* recording) const {
  return std::any_of(recordings_.begin(), recordings_.end(),
                     [recording](const auto& entry) { return entry.second.get() == recording; });
}

bool Capture::ForbidsWaiting() const {
  if (mode_ == cudaStreamCaptureModeRelaxed) return false;
  return mode_ == cudaStreamCaptureModeGlobal || thread_ == std::this_thread::get_id();
}

bool Capture::IsJoined() const {
  const Stream& origin = *recordings_.at(origin_);
  std::map<const Stream*, uint64_t> seen;
  Follow(origin, origin.position(), &seen);
  return std::all_of(recordings_.begin(), recordings_.end(), [&seen](const auto& entry) {
    const auto found = seen.find(entry.second.get());
    const uint64_t reached = found == seen.end() ? 0 : found->second;
    return reached == entry.second->position();
  });
}

std::shared_ptr<Stream> Capture::Replay() const {
  std::map<const Stream*, std::shared_ptr<Stream>> copies;
  for (const auto& [stream, recording] : recordings_) {
    copies[recording.get()] = std::make_shared<Stream>(stream->device(), false);
  }
  for (const auto& [stream, recording] : recordings_) {
    for (Operation operation : recording->waiting()) {
      if (operation.awaited != nullptr) operation.awaited = copies.at(operation.awaited.get());
      copies.at(recording.get())->Put(std::move(operation));
    }
  }
  return copies.at(recordings_.at(origin_).get());
}

std::shared_ptr<Capture> CaptureOf(const std::shared_ptr<Stream>& stream) {
  for (const auto& capture : Captures()) {
    if (capture->HasStream(stream)) return capture;
  }
  return nullptr;
}

cudaError_t CheckNoCapture() {
  cudaError_t status = cudaSuccess;
  for (const auto& capture : Captures()) {
    if (!capture->ForbidsWaiting()) continue;
    capture->Invalidate();
    status = Fail(cudaErrorStreamCaptureUnsupported);
  }
  return status;
}

cudaError_t CheckNotCapturing(const std::shared_ptr<Stream>& stream) {
  const std::shared_ptr<Capture> capture = CaptureOf(stream);
  if (capture == nullptr) return cudaSuccess;
  capture->Invalidate();
  return Fail(cudaErrorStreamCaptureUnsupported);
}

}  // namespace emulated_gpu

using namespace emulated_gpu;

namespace {

std::shared_ptr<Capture>& Of(cudaGraph_t graph) {
  return *reinterpret_cast<std::shared_ptr<Capture>*>(graph);
}
std::shared_ptr<Capture>& Of(cudaGraphExec_t graph) {
  return *reinterpret_cast<std::shared_ptr<Capture>*>(graph);
}

}  // namespace

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  const Lock lock(Machine::Get().mutex);
  const std::shared_ptr<Stream> stream = StreamOf(handle);
  if (stream == ThisDevice().legacy) return Fail(cudaErrorStreamCaptureUnsupported);
  if (CaptureOf(stream) != nullptr) return Fail(cudaErrorIllegalState);
  Captures().push_back(std::make_shared<Capture>(stream, mode));
  Captures().back()->Recording(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  const Lock lock(Machine::Get().mutex);
  *graph = nullptr;
  const std::shared_ptr<Stream> stream = StreamOf(handle);
  const std::shared_ptr<Capture> capture = CaptureOf(stream);
  if (capture == nullptr) return Fail(cudaErrorIllegalState);
  if (capture->origin() != stream) return Fail(cudaErrorStreamCaptureUnmatched);
  std::erase(Captures(), capture);
  if (!capture->valid()) return Fail(cudaErrorStreamCaptureInvalidated);
  if (!capture->IsJoined()) return Fail(cudaErrorStreamCaptureUnjoined);
  *graph = reinterpret_cast<cudaGraph_t>(new std::shared_ptr<Capture>(capture));
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  const Lock lock(Machine::Get().mutex);
  const std::shared_ptr<Capture> capture = CaptureOf(StreamOf(handle));
  *status = capture == nullptr ? cudaStreamCaptureStatusNone
            : capture->valid() ? cudaStreamCaptureStatusActive
                               : cudaStreamCaptureStatusInvalidated;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  const Lock lock(Machine::Get().mutex);
  *executable = reinterpret_cast<cudaGraphExec_t>(new std::shared_ptr<Capture>(Of(graph)));
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const Lock lock(Machine::Get().mutex);
  if (ThisDevice().broken != cudaSuccess) return Fail(ThisDevice().broken);
  Enqueue(stream, [graph = Of(executable)] { graph->Replay()->RunAll(); });
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete &Of(graph);
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete &Of(executable);
  return cudaSuccess;
}

}  // extern "C"
