#include "solver/eligibility.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {
namespace {

DropOptions Options(const std::string& text) {
  ChannelDropBackParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param));
  TrainingRun run;
  run.decays = {10};
  return ResolveDropOptions(param, run);
}

/// conv1 bn1 conv2 deconv fc fc_t shared frozen
std::vector<LearnableLayer> SmallNet() {
  std::vector<LearnableLayer> layers(8);
  const auto set = [&layers](int i, const char* name, const char* type, std::vector<int> shape) {
    layers[i].name = name;
    layers[i].type = type;
    layers[i].weight_shape = shape;
    layers[i].learnable_id = 2 * i;
    layers[i].tensor_index = 2 * i;
  };
  set(0, "conv1", "Convolution", {64, 3, 7, 7});
  set(1, "scale1", "Scale", {64});
  set(2, "conv2", "Convolution", {32, 16, 3, 3});
  set(3, "deconv", "Deconvolution", {32, 8, 2, 2});
  set(4, "fc", "InnerProduct", {10, 33});
  set(5, "fc_t", "InnerProduct", {33, 10});
  layers[5].transpose = true;
  set(6, "shared", "InnerProduct", {10, 33});
  layers[6].owner = "fc";
  set(7, "frozen", "Convolution", {4, 4, 1, 1});
  layers[7].is_trained = false;
  return layers;
}

std::vector<std::string> Names(const Eligibility& eligibility) {
  std::vector<std::string> names;
  for (const EligibleLayer& layer : eligibility.layers) names.push_back(layer.name);
  return names;
}

using Names_ = std::vector<std::string>;

TEST(EligibilityTest, FindsTheOutputAxis) {
  const Eligibility found = FindEligible(SmallNet(), Options("skip_layers: 0"));
  ASSERT_EQ(Names(found), (Names_{"conv1", "conv2", "deconv", "fc", "fc_t"}));
  const struct {
    int axis, channels, inner, first_word;
  } expected[] = {{0, 64, 147, 0}, {0, 32, 144, 2}, {1, 8, 4, 3}, {0, 10, 33, 4}, {1, 10, 1, 5}};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(found.layers[i].axis, expected[i].axis) << i;
    EXPECT_EQ(found.layers[i].channels, expected[i].channels) << i;
    EXPECT_EQ(found.layers[i].inner, expected[i].inner) << i;
    EXPECT_EQ(found.layers[i].first_word, expected[i].first_word) << i;
    EXPECT_DOUBLE_EQ(found.layers[i].probability, 0.2) << i;
  }
  EXPECT_EQ(found.num_words, 6);
  EXPECT_EQ(found.num_channels, 64 + 32 + 8 + 10 + 10);
}

TEST(EligibilityTest, FindsTheInputAxis) {
  const Eligibility found = FindEligible(SmallNet(), Options("skip_layers: 0 channel_axis: INPUT"));
  std::vector<int> channels;
  for (const EligibleLayer& layer : found.layers) channels.push_back(layer.channels);
  EXPECT_EQ(channels, (std::vector<int>{3, 16, 32, 33, 33}));
}

TEST(EligibilityTest, SkipsTheFirstLayersAndSaysWhy) {
  const Eligibility found = FindEligible(SmallNet(), Options(""));
  EXPECT_EQ(Names(found), (Names_{"fc_t"}));
  const char* reasons[] = {"first 4 layers",
                           "type Scale is eligible by name only",
                           "first 4 layers",
                           "first 4 layers",
                           "first 4 layers",
                           "",
                           "its weights are those of 'fc'",
                           "lr_mult 0"};
  ASSERT_EQ(found.rows.size(), 8u);
  for (int i = 0; i < 8; ++i) {
    EXPECT_NE(found.rows[i].reason.find(reasons[i]), std::string::npos) << found.rows[i].reason;
    EXPECT_EQ(found.rows[i].eligible_index, i == 5 ? 0 : -1);
  }
}

TEST(EligibilityTest, SkipsByParameterNumber) {
  EXPECT_EQ(Names(FindEligible(SmallNet(), Options("skip_parameters: 4"))),
            (Names_{"deconv", "fc", "fc_t"}));
}

TEST(EligibilityTest, TheLastFittingRuleWins) {
  EXPECT_EQ(
      Names(FindEligible(SmallNet(), Options("skip_layers: 0 layer { name: '*' eligible: "
                                             "false } layer { name: 'fc?t' eligible: true }"))),
      (Names_{"fc_t"}));
  EXPECT_EQ(Names(FindEligible(SmallNet(), Options("layer { name: 'conv1' eligible: true }"))),
            (Names_{"conv1", "fc_t"}));
}

// A pattern that says "eligible" must not pull in the normalisation between the convolutions.
TEST(EligibilityTest, OtherTypesOnlyByExactName) {
  EXPECT_EQ(Names(FindEligible(SmallNet(), Options("layer { name: '*1' eligible: true }"))),
            (Names_{"conv1", "fc_t"}));
  EXPECT_EQ(Names(FindEligible(SmallNet(), Options("layer { name: 'scale1' eligible: true }"))),
            (Names_{"scale1", "fc_t"}));
  // Not asked for, only weighted.
  EXPECT_EQ(Names(FindEligible(SmallNet(), Options("layer { name: 'scale1' weight: 2 }"))),
            (Names_{"fc_t"}));
}

TEST(EligibilityTest, WeightsBecomeProbabilities) {
  const std::string two = "skip_layers: 3 layer { name: 'fc' weight: 3 } ";
  const Eligibility one = FindEligible(SmallNet(), Options(two));
  EXPECT_DOUBLE_EQ(one.layers[0].probability, 0.75);
  EXPECT_DOUBLE_EQ(one.layers[1].probability, 0.25);
  const Eligibility each = FindEligible(SmallNet(), Options(two + "selection: EACH_LAYER"));
  EXPECT_DOUBLE_EQ(each.layers[0].probability, 1);
  EXPECT_DOUBLE_EQ(each.layers[1].probability, 1.0 / 3);
  const Eligibility depth = FindEligible(SmallNet(), Options("skip_layers: 3 "
                                                             "distribution: LINEAR_DEPTH"));
  EXPECT_DOUBLE_EQ(depth.layers[0].probability, 1.0 / 3);
  const Eligibility channels = FindEligible(SmallNet(), Options("skip_layers: 2 "
                                                                "distribution: CHANNELS"));
  EXPECT_DOUBLE_EQ(channels.layers[0].probability, 8.0 / 28);
}

TEST(EligibilityTest, Refusals) {
  const auto error_of = [](const std::string& text) -> std::string {
    try {
      FindEligible(SmallNet(), Options(text));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(error_of("layer { name: 'decon' }").find("did you mean 'deconv'"), std::string::npos);
  EXPECT_NE(error_of("layer { name: 'res*' }").find("'res*' fits no layer"), std::string::npos);
  EXPECT_NE(error_of("layer { name: 'fc' weight: 0 }").find("weights must be above 0"),
            std::string::npos);
  EXPECT_NE(error_of("layer { eligible: false }").find("has no name"), std::string::npos);
  EXPECT_NE(error_of("skip_layers: 9").find("no layer is eligible"), std::string::npos);
  EXPECT_NE(error_of("skip_layers: 9").find("conv1 (Convolution): one of the first 9 layers"),
            std::string::npos);
  EXPECT_NE(error_of("skip_layers: 1 skip_parameters: 1").find("choose one"), std::string::npos);
}

TEST(EligibilityTest, Patterns) {
  EXPECT_TRUE(MatchesPattern("res5*", "res5a_branch1"));
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("a*b*c", "aXbXbXc"));
  EXPECT_TRUE(MatchesPattern("?b", "ab"));
  EXPECT_FALSE(MatchesPattern("?b", "b"));
  EXPECT_FALSE(MatchesPattern("a*b", "abc"));
  EXPECT_FALSE(MatchesPattern("conv1", "conv11"));
}

}  // namespace
}  // namespace caffe
