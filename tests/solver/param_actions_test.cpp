#include "solver/param_actions.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caffe {
namespace {

using Param = ChannelDropBackParameter;

constexpr int kParams = 5;

/// Layer a: weight 0, bias 1. A scale: 2. Layer b, without a bias: weight 3. Another scale: 4.
Eligibility TwoLayers(bool drop_bias) {
  Eligibility eligibility;
  eligibility.layers.resize(2);
  EligibleLayer& a = eligibility.layers[0];
  a.learnable_id = 0;
  a.channels = 8;
  a.inner = 9;
  a.param_ids = {0, 1};
  if (drop_bias) a.bias_id = 1;
  EligibleLayer& b = eligibility.layers[1];
  b.learnable_id = 3;
  b.channels = 4;
  b.param_ids = {3};
  b.first_word = 1;
  return eligibility;
}

DropPlan Chosen(int layer, int dropped_channels) {
  DropPlan plan;
  plan.selected = {{layer, dropped_channels}};
  return plan;
}

constexpr int kHistoryOnly = kTakeGradient | kRenewHistory;
constexpr int kNoGradient = kRenewHistory | kMoveWeight;

TEST(ParamActionsTest, MasksNameTheElements) {
  const std::vector<ParamMask> masks = ParamMasks(TwoLayers(true));
  ASSERT_EQ(masks.size(), 3u);
  EXPECT_EQ(masks[0].param_id, 0);
  EXPECT_EQ(masks[0].inner, 9);
  EXPECT_EQ(masks[1].param_id, 1);
  EXPECT_EQ(masks[1].inner, 1);
  EXPECT_EQ(masks[1].channels, 8);
  EXPECT_EQ(masks[2].first_word, 1);
  EXPECT_EQ(ParamMasks(TwoLayers(false)).size(), 2u);
}

TEST(ParamActionsTest, WhatIsMasked) {
  const struct {
    Param::Mask mask;
    int dropped;
  } cases[] = {
      {Param::UPDATE, kHistoryOnly}, {Param::GRADIENT, kNoGradient}, {Param::SKIP, kStandStill}};
  for (const auto& expected : cases) {
    DropOptions options;
    options.mask = expected.mask;
    const auto actions = ParamActions(Chosen(0, 3), TwoLayers(false), options, kParams);
    ASSERT_EQ(actions.size(), static_cast<size_t>(kParams));
    EXPECT_EQ(actions[0].kept, kWholeUpdate);
    EXPECT_EQ(actions[0].dropped, expected.dropped);
    EXPECT_EQ(actions[0].gradient_factor, 1);
    for (int p = 1; p < kParams; ++p) EXPECT_EQ(actions[p], ParamAction{}) << p;
  }
}

TEST(ParamActionsTest, NothingChosenIsAnOrdinaryStep) {
  DropOptions options;
  options.freeze_unselected = options.rescale = true;
  for (const ParamAction& action : ParamActions(DropPlan(), TwoLayers(true), options, kParams)) {
    EXPECT_EQ(action, ParamAction{});
  }
}

TEST(ParamActionsTest, RescaleDividesByTheKeptShare) {
  DropOptions options;
  options.mask = Param::GRADIENT;
  options.rescale = true;
  auto actions = ParamActions(Chosen(0, 6), TwoLayers(false), options, kParams);
  EXPECT_EQ(actions[0].gradient_factor, 4);
  EXPECT_EQ(actions[1].gradient_factor, 1) << "a bias that is not dropped";
  actions = ParamActions(Chosen(0, 6), TwoLayers(true), options, kParams);
  EXPECT_EQ(actions[1].gradient_factor, 4);
  EXPECT_EQ(actions[1].dropped, kNoGradient);
  // Nothing to divide by.
  actions = ParamActions(Chosen(0, 8), TwoLayers(false), options, kParams);
  EXPECT_EQ(actions[0].gradient_factor, 1);
  EXPECT_EQ(actions[0].dropped, kNoGradient);
}

TEST(ParamActionsTest, FrozenHistoryFaresAsThatOfADroppedChannel) {
  const struct {
    Param::Mask mask;
    int frozen;
  } cases[] = {
      {Param::UPDATE, kHistoryOnly}, {Param::GRADIENT, kRenewHistory}, {Param::SKIP, kStandStill}};
  for (const auto& expected : cases) {
    DropOptions options;
    options.mask = expected.mask;
    options.freeze_unselected = true;
    // A chosen layer of which nothing happens to be dropped moves all the same.
    for (const int dropped : {0, 3}) {
      const auto actions = ParamActions(Chosen(0, dropped), TwoLayers(false), options, kParams);
      EXPECT_EQ(actions[0].kept, kWholeUpdate);
      EXPECT_EQ(actions[0].dropped == kWholeUpdate, dropped == 0);
      EXPECT_EQ(actions[1], ParamAction{}) << "the bias belongs to the chosen layer";
      for (int p = 2; p < kParams; ++p) {
        EXPECT_EQ(actions[p].kept, expected.frozen);
        EXPECT_EQ(actions[p].dropped, expected.frozen);
      }
    }
  }
}

TEST(WantedGradientsTest, WhereTheMaskTakesTheGradient) {
  const Eligibility eligibility = TwoLayers(true);
  std::vector<ParamMask> masks(kParams);
  for (const ParamMask& mask : ParamMasks(eligibility)) masks[mask.param_id] = mask;
  DropPlan plan = Chosen(0, 3);
  plan.keep_words = {0xffffff9bu, 0xffffffffu};  // without channels 2, 5 and 6
  for (const Param::Mask mask : {Param::UPDATE, Param::GRADIENT, Param::SKIP}) {
    DropOptions options;
    options.mask = mask;
    const auto wanted = WantedGradientsOf(ParamActions(plan, eligibility, options, kParams), masks,
                                          plan.keep_words);
    ASSERT_EQ(wanted.size(), static_cast<size_t>(kParams));
    for (int p = 2; p < kParams; ++p) EXPECT_EQ(wanted[p], nullptr) << p;
    EXPECT_EQ(wanted[0] == nullptr, mask == Param::UPDATE);
    if (wanted[0] == nullptr) continue;
    for (const int p : {0, 1}) {
      EXPECT_EQ(wanted[p]->inner, p == 0 ? 9 : 1);
      EXPECT_EQ(wanted[p]->channels, 8);
      EXPECT_EQ(wanted[p]->kept, (std::vector<int>{0, 1, 3, 4, 7}));
    }
  }
}

TEST(WantedGradientsTest, NothingOfWhatIsFrozen) {
  const Eligibility eligibility = TwoLayers(false);
  std::vector<ParamMask> masks(kParams);
  for (const ParamMask& mask : ParamMasks(eligibility)) masks[mask.param_id] = mask;
  DropPlan plan = Chosen(1, 0);
  plan.keep_words = {0xffffffffu, 0xffffffffu};
  DropOptions options;
  options.freeze_unselected = true;
  for (const Param::Mask mask : {Param::UPDATE, Param::GRADIENT, Param::SKIP}) {
    options.mask = mask;
    const auto wanted = WantedGradientsOf(ParamActions(plan, eligibility, options, kParams), masks,
                                          plan.keep_words);
    EXPECT_EQ(wanted[3], nullptr) << "the chosen layer";
    for (const int p : {0, 1, 2, 4}) {
      EXPECT_EQ(wanted[p] == nullptr, mask == Param::UPDATE) << p;
      if (wanted[p] != nullptr) EXPECT_TRUE(wanted[p]->kept.empty()) << p;
    }
  }
}

}  // namespace
}  // namespace caffe
