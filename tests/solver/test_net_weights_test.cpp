// Test nets stand on the training net's weights from the start.

#include <gtest/gtest.h>

#include <string>

#include "caffe/test/test_caffe_main.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// An inner product, and one more, `extra`, that only the phase has of which `rule` speaks.
string NetText(const string& rule) {
  const auto layer = [](const string& name, const string& bottom, const string& more) {
    return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" +
           name + "' " + more +
           " inner_product_param { num_output: 3 weight_filler { "
           "type: 'gaussian' std: 1 } } } ";
  };
  return "net_param { layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "  dummy_data_param { shape { dim: 5 dim: 4 } shape { dim: 5 } "
         "    data_filler { type: 'gaussian' std: 1 } data_filler { value: 1 } } } " +
         layer("fc", "data", "") + (rule.empty() ? "" : layer("extra", "fc", rule)) +
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' } } "
         "base_lr: 0.1 lr_policy: 'fixed' max_iter: 10 test_iter: 1 test_interval: 100 ";
}

class TestNetWeightsTest : public CPUDeviceTest<float> {};

TEST_F(TestNetWeightsTest, AreTheTrainingNets) {
  const auto solver = MakeSolver<float>(NetText(""));
  const auto& test_net = *solver->test_nets()[0];
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(test_net.layer_by_name("fc")->blobs()[i]->cpu_data(),
              solver->net()->layer_by_name("fc")->blobs()[i]->cpu_data());
  }
}

TEST_F(TestNetWeightsTest, AreDrawnWhereTheTrainingNetHasNone) {
  const auto solver = MakeSolver<float>(NetText("include { phase: TEST }"));
  const auto& test_net = *solver->test_nets()[0];
  EXPECT_EQ(test_net.layer_by_name("fc")->blobs()[0]->cpu_data(),
            solver->net()->layer_by_name("fc")->blobs()[0]->cpu_data());
  EXPECT_GT(test_net.layer_by_name("extra")->blobs()[0]->asum_data(), 0);
}

}  // namespace
}  // namespace caffe
