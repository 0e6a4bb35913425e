// Training on the GPU against the same training on the CPU.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// A residual net with all that differs between devices: cuDNN's convolutions, a depthwise one,
/// batch normalisation, pooling, dropout, products, and random data.
string Net() {
  const auto conv = [](const string& name, const string& bottom, const string& more) {
    return "  layer { name: '" + name + "' type: 'Convolution' bottom: '" + bottom + "' top: '" +
           name + "' convolution_param { kernel_size: 3 pad: 1 weight_filler { type: 'msra' } " +
           more + " } } ";
  };
  const auto norm = [](const string& blob) {
    return "  layer { name: '" + blob + "_bn' type: 'BatchNorm' bottom: '" + blob + "' top: '" +
           blob +
           "' batch_norm_param { moving_average_fraction: 0.9 } } "
           "  layer { name: '" +
           blob + "_scale' type: 'Scale' bottom: '" + blob + "' top: '" + blob +
           "' scale_param { bias_term: true } } ";
  };
  return "net_param { name: 'residual' "
         "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 4 dim: 3 dim: 9 dim: 9 } shape { dim: 4 } "
         "      data_filler { type: 'gaussian' std: 1 } "
         "      data_filler { type: 'constant' value: 2 } } } " +
         conv("conv1", "data", "num_output: 8") + norm("conv1") +
         "  layer { name: 'relu1' type: 'ReLU' bottom: 'conv1' top: 'conv1' } " +
         conv("conv2", "conv1", "num_output: 8 group: 8 bias_term: false") + norm("conv2") +
         "  layer { name: 'sum' type: 'Eltwise' bottom: 'conv1' bottom: 'conv2' top: 'sum' } "
         "  layer { name: 'relu2' type: 'ReLU' bottom: 'sum' top: 'sum' } "
         "  layer { name: 'pool' type: 'Pooling' bottom: 'sum' top: 'pool' "
         "    pooling_param { pool: MAX kernel_size: 3 stride: 2 } } "
         "  layer { name: 'drop' type: 'Dropout' bottom: 'pool' top: 'pool' "
         "    dropout_param { dropout_ratio: 0.2 } } "
         "  layer { name: 'fc' type: 'InnerProduct' bottom: 'pool' top: 'fc' "
         "    inner_product_param { num_output: 5 weight_filler { type: 'xavier' } } } "
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' "
         "    top: 'loss' } } ";
}

string Definition(const string& semantics, int random_seed) {
  const string method = semantics.empty() ? "type: 'SGD' "
                                          : "type: 'ChannelDropBack' channel_dropback_param { "
                                            "semantics: " +
                                                semantics +
                                                " skip_layers: 0 "
                                                "layer_drop_rate { policy: 'fixed' value: 0.7 } } ";
  return method + "random_seed: " + std::to_string(random_seed) +
         " base_lr: 0.01 momentum: 0.9 weight_decay: 0.001 lr_policy: 'step' gamma: 0.5 "
         "stepsize: 80 max_iter: 200 iter_size: 1 " +
         Net();
}

std::vector<double> Losses(const string& definition, Caffe::Brew device, int steps) {
  Caffe::set_mode(device);
  const auto solver = MakeSolver<double>(definition);
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    solver->Step(1);
    losses.push_back(solver->net()->blob_by_name("loss")->cpu_data()[0]);
  }
  return losses;
}

/// In double precision rounding is all that may differ.
TEST(GpuTrainingTest, LossCurveIsThatOfTheCpu) {
  if (!NoGpuReason().empty()) GTEST_SKIP() << "GPU test: " << NoGpuReason();
  for (const char* semantics : {"", "PAPER", "REFERENCE"}) {
    const string definition = Definition(semantics, 5);
    const std::vector<double> cpu = Losses(definition, Caffe::CPU, 200);
    const std::vector<double> gpu = Losses(definition, Caffe::GPU, 200);
    double largest = 0;
    for (size_t i = 0; i < cpu.size(); ++i) {
      largest = std::max(largest, std::fabs(gpu[i] - cpu[i]) / std::max(1e-3, std::fabs(cpu[i])));
    }
    EXPECT_LT(largest, 1e-9) << "semantics '" << semantics << "'";
    EXPECT_LT(cpu[199], 0.5 * cpu[0]);
    RecordProperty(string("largest_difference_") + semantics, std::to_string(largest));
  }
}

/// Streams, handles and workspaces are shared, the numbers are not.
TEST(GpuTrainingTest, TwoSolversInOneProcessTakeTurns) {
  if (!NoGpuReason().empty()) GTEST_SKIP() << "GPU test: " << NoGpuReason();
  constexpr int kSteps = 12;
  const string first = Definition("PAPER", 5), second = Definition("REFERENCE", 5);
  const std::vector<double> alone_1 = Losses(first, Caffe::GPU, kSteps),
                            alone_2 = Losses(second, Caffe::GPU, kSteps);
  const auto solver_1 = MakeSolver<double>(first), solver_2 = MakeSolver<double>(second);
  for (int i = 0; i < kSteps; ++i) {
    solver_1->Step(1);
    solver_2->Step(1);
    EXPECT_EQ(solver_1->net()->blob_by_name("loss")->cpu_data()[0], alone_1[i]) << i;
    EXPECT_EQ(solver_2->net()->blob_by_name("loss")->cpu_data()[0], alone_2[i]) << i;
  }
}

}  // namespace
}  // namespace caffe
