#include "caffe/cli/drop_expectation.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "solver/param_actions.hpp"

namespace caffe::cli {
namespace {

struct Setting {
  DropOptions options;
  Eligibility eligibility;
  std::vector<int64_t> param_counts;
};

/// Convolutions with so many channels, each of 3 weights and a bias; and a layer of 50 weights
/// that cannot be dropped from.
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
    const int id = static_cast<int>(2 * i);
    layer.tensor_index = layer.learnable_id = id;
    layer.param_ids = {id, id + 1};
    layer.bias_id = id + 1;
    layer.bias_count = channels[i];
    layers.push_back(layer);
    setting.param_counts.push_back(3 * channels[i]);
    setting.param_counts.push_back(channels[i]);
  }
  setting.param_counts.push_back(50);
  setting.eligibility = FindEligible(layers, setting.options);
  return setting;
}

DropShares Expected(const Setting& setting, const DropRates& rates) {
  return DropExpectation(setting.eligibility, setting.options, setting.param_counts).At(rates);
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
    EXPECT_NEAR(shares.weights, 3 * dropped / (50 + 28), 1e-14);
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

/// Weights that the actions of a plan do not move as an iteration without the method would.
double MaskedWeights(const Setting& setting, const DropPlan& plan) {
  const int num_params = static_cast<int>(setting.param_counts.size());
  const auto actions = ParamActions(plan, setting.eligibility, setting.options, num_params);
  std::vector<int> dropped(num_params);  // channels, of the parameter's layer
  for (const DropPlan::Selected& selected : plan.selected) {
    const EligibleLayer& layer = setting.eligibility.layers[selected.layer];
    for (const int id : layer.param_ids) dropped[id] = selected.dropped_channels;
  }
  double masked = 0;
  for (int i = 0; i < num_params; ++i) {
    const bool is_weight = i % 2 == 0;
    if (actions[i].kept != kWholeUpdate) {
      masked += setting.param_counts[i];
    } else if (actions[i].dropped != kWholeUpdate) {
      masked += dropped[i] * (is_weight ? 3 : 1);
    }
  }
  return masked;
}

struct Mean {
  double sum = 0, sum_of_squares = 0;
  int count = 0;

  void Add(double value) {
    sum += value;
    sum_of_squares += value * value;
    ++count;
  }
  double value() const { return sum / count; }
  double error() const { return std::sqrt((sum_of_squares / count - value() * value()) / count); }
};

TEST(DropExpectationTest, IsTheMeanOfDrawnPlans) {
  constexpr int kDraws = 20000;
  for (const char* options :
       {"", "distribution: CHANNELS all_dropped: DROP_NONE",
        "selection: EACH_LAYER drop_bias: true",
        "selection: EACH_LAYER distribution: LINEAR_DEPTH channel_count: EXACT mask: GRADIENT",
        "freeze_unselected: true", "freeze_unselected: true selection: EACH_LAYER mask: SKIP"}) {
    const Setting setting = MakeSetting(options, {3, 40, 17});
    const DropRates rates = {0.6, 0.35};
    Mean channels, weights;
    for (int k = 0; k < kDraws; ++k) {
      const DropPlan plan = DrawDropPlan(5, k, setting.eligibility, setting.options, rates);
      channels.Add(plan.dropped_channels / 60.);
      weights.Add(MaskedWeights(setting, plan) / (50 + 4 * 60));
    }
    const DropShares shares = Expected(setting, rates);
    EXPECT_NEAR(shares.channels, channels.value(), 4.5 * channels.error()) << options;
    EXPECT_NEAR(shares.weights, weights.value(), 4.5 * weights.error()) << options;
  }
}

}  // namespace
}  // namespace caffe::cli
