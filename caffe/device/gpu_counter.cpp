#include "caffe/device/gpu_counter.hpp"

#include <cxxabi.h>

#include <atomic>
#include <cstdlib>
#include <iomanip>
#include <memory>
#include <mutex>
#include <regex>
#include <sstream>
#include <thread>
#include <utility>

namespace caffe {
namespace {

std::atomic<bool> counting{false};

struct State {
  std::mutex mutex;
  GpuCounts counts;
  std::map<const void*, int> streams;
  std::map<const std::type_info*, std::string> names;
  std::thread::id thread;

  GpuCounts::OfStream& Of(const void* stream) {
    const auto [found, is_new] = streams.try_emplace(stream, static_cast<int>(streams.size()));
    return counts.streams[found->second];
  }
};

State& TheState() {
  static State* const state = new State;
  return *state;
}

/// "relu_forward" of a kernel that was made from a lambda in caffe::relu_forward<caffe::Gpu, ...>.
std::string KernelName(const std::type_info& kernel) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(kernel.name(), nullptr, nullptr, &status), &std::free);
  const std::string name = status == 0 ? text.get() : kernel.name();
  static const std::regex function("(\\w+)<caffe::Gpu\\b");
  static const std::regex functor("caffe::(?:\\(anonymous namespace\\)::)?(\\w+)");
  std::smatch match;
  const bool found =
      std::regex_search(name, match, function) || std::regex_search(name, match, functor);
  return found ? match[1].str() : name;
}

void Add(GpuCounts::Transfers* sum, int64_t calls, int64_t bytes) {
  sum->calls += calls;
  sum->bytes += bytes;
}

void Line(std::ostream& out, const std::string& what, int64_t calls) {
  out << "  " << std::left << std::setw(38) << what << std::right << std::setw(8) << calls;
}

void TransferLine(std::ostream& out, const char* what, const GpuCounts::Transfers& transfers) {
  if (transfers.calls == 0) return;
  Line(out, what, transfers.calls);
  out << std::setw(16) << transfers.bytes << " bytes\n";
}

}  // namespace

int64_t GpuCounts::launches() const {
  int64_t sum = 0;
  for (const auto& [number, stream] : streams) {
    for (const auto& [name, count] : stream.launches) sum += count;
  }
  return sum;
}

GpuCounts::Transfers GpuCounts::Sum(Transfers OfStream::*kind) const {
  Transfers sum;
  for (const auto& [number, stream] : streams) {
    Add(&sum, (stream.*kind).calls, (stream.*kind).bytes);
  }
  return sum;
}

std::string GpuCounts::ToText() const {
  std::ostringstream out;
  for (const auto& [number, stream] : streams) {
    out << "Stream " << number << ":\n";
    for (const auto& [name, count] : stream.launches) {
      Line(out, name, count);
      out << "\n";
    }
    TransferLine(out, "copies to the GPU", stream.to_gpu);
    TransferLine(out, "copies to the host", stream.to_host);
    TransferLine(out, "copies on the GPU", stream.on_gpu);
    TransferLine(out, "fills", stream.fills);
  }
  out << "All streams:\n";
  Line(out, "launches", launches());
  out << "\n";
  TransferLine(out, "copies to the GPU", Sum(&OfStream::to_gpu));
  TransferLine(out, "copies to the host", Sum(&OfStream::to_host));
  TransferLine(out, "copies on the GPU", Sum(&OfStream::on_gpu));
  TransferLine(out, "fills", Sum(&OfStream::fills));
  Line(out, "allocations", allocations.calls);
  out << std::setw(16) << allocations.bytes << " bytes\n";
  for (const auto& [where, list] :
       {std::pair{"this thread waits: ", &waits}, {"another thread waits: ", &waits_elsewhere}}) {
    for (const auto& [call, count] : *list) {
      Line(out, where + call, count);
      out << "\n";
    }
  }
  return out.str();
}

void StartGpuCounts() {
  State& state = TheState();
  const std::lock_guard<std::mutex> lock(state.mutex);
  state.counts = GpuCounts();
  state.streams.clear();
  state.thread = std::this_thread::get_id();
  counting = true;
}

GpuCounts StopGpuCounts() {
  counting = false;
  State& state = TheState();
  const std::lock_guard<std::mutex> lock(state.mutex);
  return std::exchange(state.counts, GpuCounts());
}

void CountGpuLaunch(const std::type_info& kernel, const void* stream) {
  if (!counting) return;
  State& state = TheState();
  const std::lock_guard<std::mutex> lock(state.mutex);
  std::string& name = state.names[&kernel];
  if (name.empty()) name = KernelName(kernel);
  ++state.Of(stream).launches[name];
}

void CountGpuLaunch(const char* library_call, const void* stream) {
  if (!counting) return;
  State& state = TheState();
  const std::lock_guard<std::mutex> lock(state.mutex);
  ++state.Of(stream).launches[library_call];
}

void CountGpuTransfer(GpuCounts::Transfers GpuCounts::OfStream::*kind, size_t bytes,
                      const void* stream) {
  if (!counting) return;
  State& state = TheState();
  const std::lock_guard<std::mutex> lock(state.mutex);
  Add(&(state.Of(stream).*kind), 1, bytes);
}

void CountGpuAllocation(size_t bytes) {
  if (!counting) return;
  State& state = TheState();
  const std::lock_guard<std::mutex> lock(state.mutex);
  Add(&state.counts.allocations, 1, bytes);
}

void CountGpuWait(const char* call) {
  if (!counting) return;
  State& state = TheState();
  const std::lock_guard<std::mutex> lock(state.mutex);
  const bool here = std::this_thread::get_id() == state.thread;
  ++(here ? state.counts.waits : state.counts.waits_elsewhere)[call];
}

}  // namespace caffe
