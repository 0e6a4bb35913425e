#include "solver/drop_plan.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

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

constexpr uint64_t kSeed = 1701;

TEST(DropPlanTest, DropsInTheChosenLayersAndCounts) {
  for (const char* selection : {"", "selection: EACH_LAYER"}) {
    const DropOptions options = Options(selection);
    const Eligibility eligibility = Layers({{"a", 40}, {"b", 40}, {"c", 40}}, options);
    for (int k = 0; k < 200; ++k) {
      const DropPlan plan = DrawDropPlan(kSeed, k, eligibility, options, {0.6, 0.3});
      std::map<int, int> expected;
      for (const DropPlan::Selected& selected : plan.selected) {
        expected[selected.layer] = selected.dropped_channels;
      }
      int64_t dropped = 0;
      for (int i = 0; i < 3; ++i) {
        const int count = static_cast<int>(Dropped(plan, eligibility.layers[i]).size());
        ASSERT_EQ(count, expected[i]);
        dropped += count;
      }
      ASSERT_EQ(plan.dropped_channels, dropped);
    }
  }
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
