#include "solver/drop_plan.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace caffe {
namespace {

DropOptions Options(const std::string& text) {
  ChannelDropBackParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("skip_layers: 0 " + text, &param));
  TrainingRun run;
  run.decays = {10};
  return ResolveDropOptions(param, run);
}

Eligibility Layers(const std::vector<std::pair<std::string, int>>& layers,
                   const DropOptions& options) {
  std::vector<LearnableLayer> list;
  for (const auto& [name, channels] : layers) {
    LearnableLayer layer;
    layer.name = name;
    layer.type = "Convolution";
    layer.weight_shape = {channels, 2, 3, 3};
    layer.tensor_index = layer.learnable_id = static_cast<int>(list.size());
    list.push_back(layer);
  }
  return FindEligible(list, options);
}

std::vector<int> Dropped(const DropPlan& plan, const EligibleLayer& layer) {
  std::vector<int> dropped;
  for (int c = 0; c < layer.channels; ++c) {
    if (!plan.keeps(layer, c)) dropped.push_back(c);
  }
  return dropped;
}

/// Upper quantile of chi-square at alpha = 1e-4 (Wilson and Hilferty).
double ChiSquareLimit(int degrees) {
  const double z = 3.719, t = 2.0 / (9 * degrees);
  return degrees * std::pow(1 - t + z * std::sqrt(t), 3);
}

constexpr uint64_t kSeed = 1701;

TEST(DropPlanTest, OneLayerIsDrawnInProportionAndGated) {
  const DropOptions options = Options("layer { name: 'b' weight: 2 }");
  const Eligibility eligibility = Layers({{"a", 40}, {"b", 40}, {"c", 40}}, options);
  const int draws = 10000;
  const double layer_rate = 0.6, channel_rate = 0.3;
  std::vector<double> hits(4, 0);  // a, b, c, none
  std::vector<double> channel_hits(40, 0);
  for (int k = 0; k < draws; ++k) {
    const DropPlan plan = DrawDropPlan(kSeed, k, eligibility, options, {layer_rate, channel_rate});
    ASSERT_LE(plan.selected.size(), 1u);
    const int hit = plan.selected.empty() ? 3 : plan.selected[0].layer;
    ++hits[hit];
    int64_t dropped = 0;
    for (int i = 0; i < 3; ++i) {
      const std::vector<int> channels = Dropped(plan, eligibility.layers[i]);
      if (i != hit) ASSERT_TRUE(channels.empty());
      for (const int c : channels) ++channel_hits[c];
      dropped += static_cast<int64_t>(channels.size());
    }
    ASSERT_EQ(plan.dropped_channels, dropped);
  }
  const double p[] = {0.25 * layer_rate, 0.5 * layer_rate, 0.25 * layer_rate, 1 - layer_rate};
  double chi = 0;
  for (int i = 0; i < 4; ++i) chi += std::pow(hits[i] - p[i] * draws, 2) / (p[i] * draws);
  EXPECT_LT(chi, ChiSquareLimit(3));
  double channel_chi = 0;
  const double trials = draws - hits[3];
  for (const double n : channel_hits) {
    channel_chi +=
        std::pow(n - channel_rate * trials, 2) / (channel_rate * (1 - channel_rate) * trials);
  }
  EXPECT_LT(channel_chi, ChiSquareLimit(40));
}

TEST(DropPlanTest, EachLayerByItself) {
  const DropOptions options = Options("selection: EACH_LAYER layer { name: 'b' weight: 2 }");
  const Eligibility eligibility = Layers({{"a", 8}, {"b", 8}}, options);
  const int draws = 10000;
  double a = 0, b = 0, both = 0;
  for (int k = 0; k < draws; ++k) {
    const DropPlan plan = DrawDropPlan(kSeed, k, eligibility, options, {0.5, 0.5});
    bool hit[2] = {false, false};
    for (const DropPlan::Selected& selected : plan.selected) hit[selected.layer] = true;
    a += hit[0];
    b += hit[1];
    both += hit[0] && hit[1];
  }
  const auto chi = [&](double n, double p) {
    return std::pow(n - p * draws, 2) / (p * (1 - p) * draws);
  };
  EXPECT_LT(chi(a, 0.25), ChiSquareLimit(1));
  EXPECT_LT(chi(b, 0.5), ChiSquareLimit(1));
  EXPECT_LT(chi(both, 0.125), ChiSquareLimit(1));
}

TEST(DropPlanTest, ExactCountIsAUniformSubset) {
  const DropOptions options = Options("channel_count: EXACT");
  const Eligibility eligibility = Layers({{"a", 10}}, options);
  std::vector<double> hits(10, 0);
  const int draws = 5000;
  for (int k = 0; k < draws; ++k) {
    const DropPlan plan = DrawDropPlan(kSeed, k, eligibility, options, {1, 0.3});
    const std::vector<int> dropped = Dropped(plan, eligibility.layers[0]);
    ASSERT_EQ(dropped.size(), 3u);
    for (const int c : dropped) ++hits[c];
  }
  double chi = 0;
  for (const double n : hits) chi += std::pow(n - 0.3 * draws, 2) / (0.3 * 0.7 * draws);
  EXPECT_LT(chi, ChiSquareLimit(10));
}

TEST(DropPlanTest, ExtremeRates) {
  const DropOptions options = Options("selection: EACH_LAYER");
  const Eligibility eligibility = Layers({{"a", 33}, {"b", 64}}, options);
  const DropPlan all = DrawDropPlan(kSeed, 3, eligibility, options, {1, 1});
  EXPECT_EQ(all.dropped_channels, 97);
  EXPECT_EQ(all.keep_words[1], 0xfffffffeu);  // one channel, padding bits stay
  const DropPlan none = DrawDropPlan(kSeed, 3, eligibility, options, {0, 1});
  EXPECT_TRUE(none.selected.empty());
  EXPECT_EQ(none.dropped_channels, 0);
  EXPECT_EQ(none.keep_words, std::vector<uint32_t>(4, 0xffffffffu));
  const DropPlan kept = DrawDropPlan(
      kSeed, 3, eligibility, Options("selection: EACH_LAYER all_dropped: DROP_NONE"), {1, 1});
  EXPECT_EQ(kept.dropped_channels, 0);
}

TEST(DropPlanTest, AnUnrelatedLayerChangesNothingButItsOwnWins) {
  const DropOptions options = Options("");
  const Eligibility small = Layers({{"a", 40}, {"b", 50}, {"c", 60}}, options);
  const Eligibility large = Layers({{"new", 70}, {"a", 40}, {"b", 50}, {"c", 60}}, options);
  int new_wins = 0;
  for (int k = 0; k < 2000; ++k) {
    const DropPlan before = DrawDropPlan(kSeed, k, small, options, {1, 0.5});
    const DropPlan after = DrawDropPlan(kSeed, k, large, options, {1, 0.5});
    if (after.selected[0].layer == 0) {
      ++new_wins;
      continue;
    }
    const EligibleLayer& then = small.layers[before.selected[0].layer];
    const EligibleLayer& now = large.layers[after.selected[0].layer];
    ASSERT_EQ(then.name, now.name);
    ASSERT_EQ(Dropped(before, then), Dropped(after, now));
  }
  EXPECT_NEAR(new_wins, 500, 100);
}

TEST(DropPlanTest, DependsOnSeedAndIterationOnly) {
  const DropOptions options = Options("");
  const Eligibility eligibility = Layers({{"a", 128}}, options);
  const auto words = [&](uint64_t seed, int64_t k) {
    return DrawDropPlan(seed, k, eligibility, options, {1, 0.5}).keep_words;
  };
  EXPECT_EQ(words(1, 7), words(1, 7));
  EXPECT_NE(words(1, 7), words(1, 8));
  EXPECT_NE(words(1, 7), words(2, 7));
  EXPECT_NE(words(1, 7), words((uint64_t{1} << 32) + 1, 7));
}

// The meaning of a seed must not change from version to version. The value was made by another
// implementation of Philox, in Python.
TEST(DropPlanTest, StoredPlan) {
  const DropOptions options = Options("");
  const Eligibility eligibility = Layers({{"a", 32}}, options);
  const DropPlan plan = DrawDropPlan(1, 2, eligibility, options, {1, 0.5});
  EXPECT_EQ(plan.keep_words[0], 0x7d8b7151u);
}

}  // namespace
}  // namespace caffe
