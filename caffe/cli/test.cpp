#include <vector>

#include "caffe/cli/command.hpp"
#include "caffe/cli/device_choice.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/interrupts.hpp"
#include "caffe/cli/net_state.hpp"
#include "caffe/cli/path_checks.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/common.hpp"
#include "caffe/net.hpp"
#include "caffe/plan/plan_options.hpp"
#include "caffe/weight_transfer.hpp"

namespace caffe::cli {

namespace {

/// The elements of all outputs of a net, summed over batches.
class OutputSums {
 public:
  /// Adds the net's present outputs and logs each as one of `batch`.
  void Add(const Net<float>& net, int batch) {
    size_t index = 0;
    for (int i = 0; i < net.num_outputs(); ++i) {
      const Blob<float>& output = *net.output_blobs()[i];
      const string& name = net.blob_names()[net.output_blob_indices()[i]];
      for (int k = 0; k < output.count(); ++k, ++index) {
        const float value = output.cpu_data()[k];
        if (index == sums_.size()) sums_.push_back({i, 0});
        sums_[index].value += value;
        LOG(INFO) << "Batch " << batch << ", " << name << " = " << value;
      }
    }
  }

  void LogMeans(const Net<float>& net, int batches) const {
    for (const Sum& sum : sums_) {
      const int blob = net.output_blob_indices()[sum.output];
      const float weight = net.blob_loss_weights()[blob];
      const float mean = sum.value / batches;
      std::ostringstream suffix;
      if (weight != 0) suffix << " (* " << weight << " = " << weight * mean << " loss)";
      LOG(INFO) << net.blob_names()[blob] << " = " << mean << suffix.str();
    }
  }

 private:
  struct Sum {
    int output;
    float value;
  };
  std::vector<Sum> sums_;
};

int Test(const std::vector<std::string>&) {
  Require(!FLAGS_model.empty(), "Need a model definition to score: give --model=FILE");
  Require(!FLAGS_weights.empty(), "Need model weights to score: give --weights=FILE");
  Require(FLAGS_iterations > 0, "--iterations is ", FLAGS_iterations, ", but must be at least 1");
  UseFirstGpuOrCpu();
  NetParameter param = ReadNetFile(FLAGS_model);
  CheckInputFile(FLAGS_weights);
  SetNetState(TEST, &param);
  DefaultPlanOptions().fusion = FLAGS_fusion;
  DefaultPlanOptions().share_memory = FLAGS_share_memory;
  DefaultPlanOptions().forward_only = FLAGS_share_memory;
  Net<float> net(param);
  LoadWeightsToScore(FLAGS_weights, &net);
  LOG(INFO) << "Running for " << FLAGS_iterations << " iterations.";
  OutputSums sums;
  float total_loss = 0;
  Interrupts interrupts;
  int batches = 0;
  while (batches < FLAGS_iterations && !interrupts.Requested()) {
    float loss = 0;
    net.Forward(&loss);
    total_loss += loss;
    sums.Add(net, batches++);
  }
  if (batches > 0) {
    LOG(INFO) << "Loss: " << total_loss / batches;
    sums.LogMeans(net, batches);
  }
  return interrupts.ExitCode(batches);
}

}  // namespace

Command TestCommand() {
  return {
      .name = "test",
      .usage = "--model=FILE --weights=FILE [flags]",
      .summary = "score a trained net",
      .description =
          "Runs a net in phase TEST and prints its outputs for each batch, then their means. To\n"
          "see each test sample once, let --iterations times the batch be the number of samples.\n"
          "Layers that --weights has nothing for are named in a warning; a file that has weights\n"
          "for none of them is an error.\n"
          "\n"
          "  caffe test --model=train_val.prototxt --weights=net.caffemodel --iterations=100",
      .flags = {"model", "weights", "iterations", "gpu", "cpu", "level", "stage", "fusion",
                "share_memory", "winograd", "max_pixels"},
      .min_words = 0,
      .max_words = 0,
      .run = Test,
  };
}

}  // namespace caffe::cli
