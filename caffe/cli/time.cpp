#include <iomanip>
#include <sstream>
#include <vector>

#include "caffe/cli/command.hpp"
#include "caffe/cli/device_choice.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/gpu_count.hpp"
#include "caffe/cli/interrupts.hpp"
#include "caffe/cli/net_state.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/common.hpp"
#include "caffe/native/format_conversions.hpp"
#include "caffe/net.hpp"
#include "caffe/util/benchmark.hpp"

namespace caffe::cli {

namespace {

/// Of a layer, or of layers that run as one: summed over all passes.
struct LayerTimes {
  double microseconds = 0;
  uint64_t conversions = 0;
};

struct Times {
  explicit Times(size_t layers) : layer_forward(layers), layer_backward(layers) {}
  std::vector<LayerTimes> layer_forward;
  std::vector<LayerTimes> layer_backward;
  double forward = 0;
  double backward = 0;
};

template <typename F>
void Measure(LayerTimes* times, const F& run) {
  const uint64_t conversions = FormatConversions();
  Timer timer;
  timer.Start();
  run();
  times->microseconds += timer.MicroSeconds();
  times->conversions += FormatConversions() - conversions;
}

/// Forward of everything, then backward of what needs it. What runs as one counts as its first
/// layer.
void TimePass(Net<float>* net, Times* times) {
  const auto& layers = net->layers();
  const int last = static_cast<int>(layers.size()) - 1;
  Timer whole;
  whole.Start();
  float loss = 0;
  for (int i = 0, ran; i <= last; i = ran + 1) {
    Measure(&times->layer_forward[i], [&] { ran = net->ForwardStep(i, last, &loss); });
  }
  times->forward += whole.MicroSeconds();
  whole.Start();
  for (int i = last; i >= 0; --i) {
    const PlanStep* step = net->plan().RanTo(i);
    const int first = step != nullptr ? step->first() : i;
    Measure(&times->layer_backward[first], [&] { i = net->BackwardStep(i, 0); });
  }
  times->backward += whole.MicroSeconds();
}

void LogLayer(const string& name, const char* direction, const LayerTimes& times, int passes,
              const string& note) {
  std::ostringstream conversions;
  if (times.conversions > 0) {
    conversions << "\t" << times.conversions / passes << " format conversion(s)";
  }
  LOG(INFO) << std::setfill(' ') << std::setw(10) << name << "\t" << direction << ": "
            << times.microseconds / (1000. * passes) << " ms." << conversions.str() << note;
}

/// "" for a layer that runs by itself, else up to where the run goes.
string NoteOf(const Net<float>& net, int layer) {
  const PlanStep* step = net.plan().StartingAt(layer);
  if (step == nullptr || !step->ran()) return "";
  return "\tas one with all up to " + net.layer_names()[step->last()];
}

/// Whether a layer ran as part of a step that an earlier layer begins.
bool IsInsideStep(const Net<float>& net, int layer) {
  for (const auto& step : net.plan().steps()) {
    if (step->ran() && step->first() < layer && layer <= step->last()) return true;
  }
  return false;
}

void LogTimes(const Net<float>& net, const Times& times, int passes, float total_milliseconds) {
  const double per_pass = 1. / (1000. * passes);
  LOG(INFO) << "Average time per layer: ";
  uint64_t conversions = 0;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    conversions += times.layer_forward[i].conversions + times.layer_backward[i].conversions;
    if (IsInsideStep(net, i)) continue;
    LogLayer(net.layer_names()[i], "forward", times.layer_forward[i], passes, NoteOf(net, i));
    LogLayer(net.layer_names()[i], "backward", times.layer_backward[i], passes, NoteOf(net, i));
  }
  LOG(INFO) << "Format conversions in a pass: " << conversions / passes;
  LOG(INFO) << "Average Forward pass: " << times.forward * per_pass << " ms.";
  LOG(INFO) << "Average Backward pass: " << times.backward * per_pass << " ms.";
  LOG(INFO) << "Average Forward-Backward: " << total_milliseconds / passes << " ms.";
  LOG(INFO) << "Total Time: " << total_milliseconds << " ms.";
}

/// Has the net swallow what it would write to files.
void KeepFromWriting(NetParameter* net) {
  for (LayerParameter& layer : *net->mutable_layer()) {
    if (layer.type() != "HDF5Output") continue;
    LOG(WARNING) << layer.name() << " (HDF5Output) is not run: it would write a file";
    layer.set_type("Silence");
    layer.clear_hdf5_output_param();
  }
}

int Time(const std::vector<std::string>&) {
  if (FLAGS_count && !FLAGS_solver.empty()) return CountTrainingStep();
  // Without --count only.
  LOG_IF(WARNING, !FLAGS_solver.empty()) << "--solver has no effect on 'caffe time'";
  Require(!FLAGS_model.empty(), "Need a model definition to time: give --model=FILE");
  Require(FLAGS_iterations > 0, "--iterations is ", FLAGS_iterations, ", but must be at least 1");
  const Phase phase = PhaseFromFlag();
  UseFirstGpuOrCpu();
  DefaultPlanOptions().fusion = FLAGS_fusion;
  DefaultPlanOptions().share_memory = FLAGS_share_memory;
  NetParameter param = ReadNetFile(FLAGS_model);
  SetNetState(phase, &param);
  KeepFromWriting(&param);
  Net<float> net(param);
  LOG(INFO) << "Performing Forward";
  float initial_loss = 0;
  net.Forward(&initial_loss);
  LOG(INFO) << "Initial loss: " << initial_loss;
  LOG(INFO) << "Performing Backward";
  net.Backward();

  LOG(INFO) << "*** Benchmark begins ***";
  LOG(INFO) << "Testing for " << FLAGS_iterations << " iterations.";
  Times times(net.layers().size());
  Timer total, pass;
  total.Start();
  Interrupts interrupts;
  int passes = 0;
  while (passes < FLAGS_iterations && !interrupts.Requested()) {
    pass.Start();
    TimePass(&net, &times);
    LOG(INFO) << "Iteration: " << ++passes << " forward-backward time: " << pass.MilliSeconds()
              << " ms.";
  }
  if (passes > 0) LogTimes(net, times, passes, total.MilliSeconds());
  if (FLAGS_count && passes > 0) CountPass(&net);
  LOG(INFO) << "*** Benchmark ends ***";
  return interrupts.ExitCode(passes);
}

}  // namespace

Command TimeCommand() {
  return {
      .name = "time",
      .usage = "--model=FILE [flags], or --solver=FILE --count --gpu=ID",
      .summary = "measure how long a net and its layers take",
      .description =
          "Runs forward and backward passes of a net and prints the mean time of each layer, in\n"
          "milliseconds. Backward is run where a gradient is needed.\n"
          "Layers that run as one are timed as one; --fusion=false times each by itself. Also\n"
          "tells where values were converted from one memory layout to another.\n"
          "--count lists the kernels and library calls, copies, allocations and waits of one pass\n"
          "on a GPU; with --solver instead of --model, those of one training step.\n\n"
          "  caffe time --model=train_val.prototxt --iterations=10 --gpu=0\n"
          "  caffe time --solver=solver.prototxt --count --gpu=0",
      .flags = {"model", "solver", "count", "phase", "iterations", "gpu", "cpu", "level", "stage",
                "fusion", "share_memory", "winograd", "max_pixels"},
      .min_words = 0,
      .max_words = 0,
      .run = Time,
  };
}

}  // namespace caffe::cli
