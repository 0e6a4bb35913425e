#include <iomanip>
#include <vector>

#include "caffe/cli/command.hpp"
#include "caffe/cli/device_choice.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/net_state.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/common.hpp"
#include "caffe/net.hpp"
#include "caffe/util/benchmark.hpp"

namespace caffe::cli {

namespace {

/// Microseconds, summed over all passes.
struct Times {
  explicit Times(size_t layers) : layer_forward(layers), layer_backward(layers) {}
  std::vector<double> layer_forward;
  std::vector<double> layer_backward;
  double forward = 0;
  double backward = 0;
};

/// Forward of every layer, then backward of every layer, whether anything needs it or not.
void TimePass(Net<float>* net, Times* times) {
  const auto& layers = net->layers();
  Timer whole, single;
  whole.Start();
  for (size_t i = 0; i < layers.size(); ++i) {
    single.Start();
    layers[i]->Forward(net->bottom_vecs()[i], net->top_vecs()[i]);
    times->layer_forward[i] += single.MicroSeconds();
  }
  times->forward += whole.MicroSeconds();
  whole.Start();
  for (size_t i = layers.size(); i-- > 0;) {
    single.Start();
    layers[i]->Backward(net->top_vecs()[i], net->bottom_need_backward()[i], net->bottom_vecs()[i]);
    times->layer_backward[i] += single.MicroSeconds();
  }
  times->backward += whole.MicroSeconds();
}

void LogTimes(const Net<float>& net, const Times& times, float total_milliseconds) {
  const double per_pass = 1. / (1000. * FLAGS_iterations);
  LOG(INFO) << "Average time per layer: ";
  for (size_t i = 0; i < net.layers().size(); ++i) {
    const string& name = net.layer_names()[i];
    LOG(INFO) << std::setfill(' ') << std::setw(10) << name
              << "\tforward: " << times.layer_forward[i] * per_pass << " ms.";
    LOG(INFO) << std::setfill(' ') << std::setw(10) << name
              << "\tbackward: " << times.layer_backward[i] * per_pass << " ms.";
  }
  LOG(INFO) << "Average Forward pass: " << times.forward * per_pass << " ms.";
  LOG(INFO) << "Average Backward pass: " << times.backward * per_pass << " ms.";
  LOG(INFO) << "Average Forward-Backward: " << total_milliseconds / FLAGS_iterations << " ms.";
  LOG(INFO) << "Total Time: " << total_milliseconds << " ms.";
}

int Time(const std::vector<std::string>&) {
  Require(!FLAGS_model.empty(), "Need a model definition to time: give --model=FILE");
  Require(FLAGS_iterations > 0, "--iterations is ", FLAGS_iterations, ", but must be at least 1");
  const Phase phase = PhaseFromFlag();
  UseFirstGpuOrCpu();
  NetParameter param = ReadNetFile(FLAGS_model);
  SetNetState(phase, &param);
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
  for (int i = 1; i <= FLAGS_iterations; ++i) {
    pass.Start();
    TimePass(&net, &times);
    LOG(INFO) << "Iteration: " << i << " forward-backward time: " << pass.MilliSeconds() << " ms.";
  }
  LogTimes(net, times, total.MilliSeconds());
  LOG(INFO) << "*** Benchmark ends ***";
  return 0;
}

}  // namespace

Command TimeCommand() {
  return {
      .name = "time",
      .usage = "--model=FILE [flags]",
      .summary = "measure how long a net and its layers take",
      .description =
          "Runs forward and backward passes of a net and prints the mean time of each layer, in\n"
          "milliseconds. Backward is run for every layer, whether anything needs it or not.",
      .flags = {"model", "phase", "iterations", "gpu", "level", "stage"},
      .min_words = 0,
      .max_words = 0,
      .run = Time,
  };
}

}  // namespace caffe::cli
