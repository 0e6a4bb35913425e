#include "caffe/cli/drop_expectation.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace caffe::cli {
namespace {

struct Setting {
  DropOptions options;
  Eligibility eligibility;
  std::vector<int64_t> weights;
  int64_t all_weights = 50;  // of layers that cannot be dropped from
};

/// Convolutions with so many channels of 3 weights each.
Setting MakeSetting(const std::string& text, const std::vector<int>& channels) {
  ChannelDropBackParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("skip_layers: 0 " + text, &param));
  Setting setting;
  TrainingRun run;
  run.decays = {10};
  setting.options = ResolveDropOptions(param, run);
  std::vector<LearnableLayer> layers;
  for (size_t i = 0; i < channels.size(); ++i) {
    LearnableLayer layer;
    layer.name = "layer" + std::to_string(i);
    layer.type = "Convolution";
    layer.weight_shape = {channels[i], 3, 1, 1};
    layer.tensor_index = layer.learnable_id = static_cast<int>(i);
    layers.push_back(layer);
    setting.weights.push_back(3 * channels[i]);
    setting.all_weights += 3 * channels[i];
  }
  setting.eligibility = FindEligible(layers, setting.options);
  return setting;
}

DropShares Expected(const Setting& setting, const DropRates& rates) {
  return DropExpectation(setting.eligibility, setting.options, setting.weights, setting.all_weights)
      .At(rates);
}

/// Mean number of dropped channels of a chosen layer, over all its subsets of channels.
double MeanDropped(int channels, double rate, bool spares_last) {
  double mean = 0;
  for (unsigned subset = 0; subset < 1u << channels; ++subset) {
    const int dropped = __builtin_popcount(subset);
    const double probability = std::pow(rate, dropped) * std::pow(1 - rate, channels - dropped);
    if (!(spares_last && dropped == channels)) mean += probability * dropped;
  }
  return mean;
}

TEST(DropExpectationTest, AgreesWithAllSubsetsOfChannels) {
  for (const bool spares_last : {false, true}) {
    const Setting setting =
        MakeSetting(spares_last ? "all_dropped: DROP_NONE layer { name: 'layer1' weight: 3 }"
                                : "layer { name: 'layer1' weight: 3 }",
                    {2, 5});
    const DropRates rates = {0.4, 0.7};
    const double first = MeanDropped(2, 0.7, spares_last),
                 second = MeanDropped(5, 0.7, spares_last);
    const double dropped = 0.4 * (0.25 * first + 0.75 * second);
    const DropShares shares = Expected(setting, rates);
    EXPECT_NEAR(shares.channels, dropped / 7, 1e-14);
    EXPECT_NEAR(shares.weights, 3 * dropped / (50 + 21), 1e-14);
  }
}

TEST(DropExpectationTest, ExactCountsAreRounded) {
  // round(0.5 * 5) = 3 and round(0.5 * 1) = 1.
  const DropRates rates = {1, 0.5};
  const Setting all = MakeSetting("selection: EACH_LAYER channel_count: EXACT", {5, 1});
  EXPECT_DOUBLE_EQ(Expected(all, rates).channels, 4. / 6);
  const Setting none =
      MakeSetting("selection: EACH_LAYER channel_count: EXACT all_dropped: DROP_NONE", {5, 1});
  EXPECT_DOUBLE_EQ(Expected(none, rates).channels, 3. / 6);
}

TEST(DropExpectationTest, IsTheMeanOfDrawnPlans) {
  constexpr int kDraws = 20000;
  for (const char* options :
       {"", "distribution: CHANNELS all_dropped: DROP_NONE", "selection: EACH_LAYER",
        "selection: EACH_LAYER distribution: LINEAR_DEPTH channel_count: EXACT"}) {
    const Setting setting = MakeSetting(options, {3, 40, 17});
    const DropRates rates = {0.6, 0.35};
    double sum = 0, sum_of_squares = 0;
    for (int k = 0; k < kDraws; ++k) {
      const DropPlan plan = DrawDropPlan(5, k, setting.eligibility, setting.options, rates);
      const double share = plan.dropped_channels / 60.;
      sum += share;
      sum_of_squares += share * share;
    }
    const double mean = sum / kDraws;
    const double error = std::sqrt((sum_of_squares / kDraws - mean * mean) / kDraws);
    EXPECT_NEAR(Expected(setting, rates).channels, mean, 4.5 * error) << options;
  }
}

}  // namespace
}  // namespace caffe::cli
