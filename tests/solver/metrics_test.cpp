// What a solver tells its sinks.

#include "solver/metrics.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "solver/channel_dropback.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

class Recorder : public MetricsSink {
 public:
  void Write(const TrainingMetrics& metrics) override { all.push_back(metrics); }
  std::vector<TrainingMetrics> all;
};

const char kLoop[] =
    "lr_policy: 'multistep' base_lr: 0.5 gamma: 0.5 stepvalue: 3 max_iter: 6 random_seed: 5 "
    "snapshot_after_train: false display: 2 test_interval: 3 test_iter: 2 ";

/// fc is dropped in every iteration, all of it.
const char kDropAll[] =
    "channel_dropback_param { skip_layers: 0 layer_drop_rate { value: 1 } "
    "channel_drop_rate { value: 1 } } ";

TEST(MetricsTest, OneRecordForEachIterationThatDisplaysOrTests) {
  Caffe::set_mode(Caffe::CPU);
  auto solver = MakeSolver<float>(kLoop + RegressionNet() + kDropAll);
  Recorder recorder;
  solver->add_metrics_sink(&recorder);
  solver->Solve();

  std::vector<int> iterations;
  for (const TrainingMetrics& metrics : recorder.all) iterations.push_back(metrics.iteration);
  EXPECT_EQ(iterations, (std::vector<int>{0, 2, 3, 4, 6}));
  ASSERT_EQ(recorder.all.size(), 5u);
  for (const TrainingMetrics& metrics : recorder.all) {
    const bool displays = metrics.iteration % 2 == 0, tests = metrics.iteration % 3 == 0;
    const bool updates = metrics.iteration < 6;
    EXPECT_EQ(metrics.loss.has_value(), displays) << metrics.iteration;
    EXPECT_EQ(metrics.learning_rate.has_value(), displays && updates) << metrics.iteration;
    EXPECT_EQ(metrics.drops.has_value(), displays && updates) << metrics.iteration;
    ASSERT_EQ(metrics.tests.size(), tests ? 1u : 0u) << metrics.iteration;
    if (metrics.drops) {
      EXPECT_EQ(metrics.drops->layer_rate, 1);
      EXPECT_EQ(metrics.drops->channel_rate, 1);
      EXPECT_EQ(metrics.drops->masked_share, 1);
    }
    if (tests) {
      EXPECT_EQ(metrics.tests[0].net, 0);
      ASSERT_EQ(metrics.tests[0].outputs.size(), 1u);
      EXPECT_EQ(metrics.tests[0].outputs[0].name, "loss");
      EXPECT_GT(metrics.tests[0].outputs[0].value, 0);
    }
  }
  EXPECT_EQ(recorder.all[1].learning_rate, 0.5);
  EXPECT_EQ(recorder.all[3].learning_rate, 0.25);
}

TEST(MetricsTest, OutputsOfManyElementsAreTheirMean) {
  Caffe::set_mode(Caffe::CPU);
  // 4 x 3 elements of 2.5, and a single one.
  auto solver = MakeSolver<float>(
      kLoop + RegressionNet() +
      "test_net_param { layer { name: 'c' type: 'DummyData' top: 'many' top: 'one' "
      "dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 1 } "
      "data_filler { type: 'constant' value: 2.5 } "
      "data_filler { type: 'constant' value: 7 } } } } ");
  Recorder recorder;
  solver->add_metrics_sink(&recorder);
  solver->Step(1);
  ASSERT_EQ(recorder.all.size(), 1u);
  ASSERT_EQ(recorder.all[0].tests.size(), 1u);
  const auto& outputs = recorder.all[0].tests[0].outputs;
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].name, "many");
  EXPECT_FLOAT_EQ(outputs[0].value, 2.5);
  EXPECT_EQ(outputs[1].name, "one");
  EXPECT_FLOAT_EQ(outputs[1].value, 7);
}

TEST(MetricsTest, SolversWithoutTheMethodReportNoDrops) {
  Caffe::set_mode(Caffe::CPU);
  auto solver = MakeSolver<float>(kLoop + RegressionNet());
  Recorder recorder;
  solver->add_metrics_sink(&recorder);
  solver->Step(1);
  ASSERT_EQ(recorder.all.size(), 1u);
  EXPECT_FALSE(recorder.all[0].drops);
  EXPECT_TRUE(recorder.all[0].learning_rate);
}

TEST(DropCountTest, TextNamesTheLayersHitMostOften) {
  DropCount count;
  count.rates = {0.3, 0.5};
  count.iterations = 50;
  count.num_layers = 17;
  count.share = 0.026;
  EXPECT_EQ(ToText(count),
            "    ChannelDropBack: layer drop rate = 0.3, channel drop rate = 0.5, masked 2.6 % of "
            "channels in 50 iterations, layers hit: 0 of 17");
  count.hits = {{"a", 4}, {"b", 1}};
  EXPECT_NE(ToText(count).find("layers hit: 2 of 17 (a x4, b x1)"), std::string::npos);
  count.hits = {{"a", 4}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}};
  EXPECT_NE(ToText(count).find("layers hit: 5 of 17 (a x4, b x1, c x1, d x1, ...)"),
            std::string::npos);
}

TEST(DropCountTest, CountsSinceTheLastTime) {
  Caffe::set_mode(Caffe::CPU);
  LogCapture log;
  auto solver = MakeSolver<float>(kLoop + RegressionNet() + kDropAll);
  solver->Step(5);
  EXPECT_EQ(log.Count("masked 100 % of channels in 1 iteration, layers hit: 1 of 1 (fc x1)"), 1);
  EXPECT_EQ(log.Count("masked 100 % of channels in 2 iterations, layers hit: 1 of 1 (fc x2)"), 2);
}

}  // namespace
}  // namespace caffe
