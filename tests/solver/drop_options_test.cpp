#include "solver/drop_options.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {
namespace {

using Param = ChannelDropBackParameter;

DropOptions Resolve(const std::string& text, const TrainingRun& run) {
  Param param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param)) << text;
  return ResolveDropOptions(param, run);
}

std::string ErrorOf(const std::string& text, const TrainingRun& run) {
  try {
    Resolve(text, run);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// The published training script: 200 epochs of 391 iterations, falls at 60, 120 and 170.
TrainingRun PublishedRun() {
  TrainingRun run;
  run.rule = "Nesterov";
  run.decays = {60 * 391, 120 * 391, 170 * 391};
  run.max_iter = 200 * 391;
  run.iterations_per_epoch = 391;
  return run;
}

std::vector<int> Milestones(const DropOptions& options) {
  const auto& milestones = options.layer_drop_rate.milestone();
  return {milestones.begin(), milestones.end()};
}

TEST(DropOptionsTest, PaperIsTheDefault) {
  const DropOptions options = Resolve("", PublishedRun());
  EXPECT_EQ(options.selection, Param::ONE_LAYER);
  EXPECT_EQ(options.channel_axis, Param::OUTPUT);
  EXPECT_EQ(options.all_dropped, Param::DROP_ALL);
  EXPECT_EQ(options.mask, Param::UPDATE);
  EXPECT_FALSE(options.rescale);
  EXPECT_FALSE(options.lr_outside_momentum);
  EXPECT_EQ(options.skip_layers, 4);
  EXPECT_EQ(options.layer_drop_rate.policy(), "adaptive");
  EXPECT_FLOAT_EQ(options.channel_drop_rate.value(), 0.5f);
}

TEST(DropOptionsTest, OneLineGivesTheReference) {
  const DropOptions options = Resolve("semantics: REFERENCE", PublishedRun());
  EXPECT_EQ(options.base, "Nesterov");
  EXPECT_EQ(options.selection, Param::EACH_LAYER);
  EXPECT_EQ(options.channel_axis, Param::INPUT);
  EXPECT_EQ(options.channel_count, Param::BERNOULLI);
  EXPECT_EQ(options.all_dropped, Param::DROP_NONE);
  EXPECT_EQ(options.mask, Param::GRADIENT);
  EXPECT_TRUE(options.rescale);
  EXPECT_FALSE(options.drop_bias);
  EXPECT_FALSE(options.freeze_unselected);
  EXPECT_TRUE(options.lr_outside_momentum);
  EXPECT_EQ(options.skip_layers, 0);
  EXPECT_EQ(options.skip_parameters, 3);
  EXPECT_EQ(options.layer_drop_rate.policy(), "reference");
  EXPECT_FLOAT_EQ(options.layer_drop_rate.initial(), 0.03f);
  EXPECT_FLOAT_EQ(options.layer_drop_rate.final(), 0.3f);
  EXPECT_EQ(options.layer_drop_rate.iterations_per_epoch(), 391);
  EXPECT_EQ(Milestones(options), (std::vector<int>{60, 120}));
  EXPECT_FLOAT_EQ(options.channel_drop_rate.value(), 0.3f);
}

TEST(DropOptionsTest, ReferenceWithoutFallsTakesPartsOfTheRun) {
  TrainingRun run = PublishedRun();
  run.decays.clear();
  EXPECT_EQ(Milestones(Resolve("semantics: REFERENCE", run)), (std::vector<int>{60, 120}));
  run.decays = {100 * 391};
  EXPECT_EQ(Milestones(Resolve("semantics: REFERENCE", run)), (std::vector<int>{60, 120}));
}

TEST(DropOptionsTest, ReferenceThatCannotBeCompletedSaysWhatToAdd) {
  TrainingRun run = PublishedRun();
  run.iterations_per_epoch = 0;
  const std::string error = ErrorOf("semantics: REFERENCE", run);
  for (const char* part : {"layer_drop_rate { iterations_per_epoch: N milestone: A milestone: B }",
                           "policy 'reference'"}) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  }
  // What it asks for is enough.
  const DropOptions options = Resolve(
      "semantics: REFERENCE "
      "layer_drop_rate { iterations_per_epoch: 100 milestone: 3 milestone: 6 }",
      run);
  EXPECT_EQ(options.layer_drop_rate.policy(), "reference");
  EXPECT_FLOAT_EQ(options.layer_drop_rate.final(), 0.3f);
  EXPECT_EQ(options.layer_drop_rate.iterations_per_epoch(), 100);
  EXPECT_EQ(Milestones(options), (std::vector<int>{3, 6}));

  run = PublishedRun();
  run.decays.clear();
  run.max_iter = 100;  // a quarter of an epoch
  const std::string short_run = ErrorOf("semantics: REFERENCE", run);
  EXPECT_NE(short_run.find("{ milestone: A milestone: B }"), std::string::npos) << short_run;
}

TEST(DropOptionsTest, ARateWithoutPolicyChangesTheDefault) {
  const DropOptions paper = Resolve("layer_drop_rate { final: 0.5 }", PublishedRun());
  EXPECT_EQ(paper.layer_drop_rate.policy(), "adaptive");
  EXPECT_FLOAT_EQ(paper.layer_drop_rate.initial(), 0.01f);
  EXPECT_FLOAT_EQ(paper.layer_drop_rate.final(), 0.5f);
  const DropOptions fixed = Resolve("layer_drop_rate { value: 0.5 }", PublishedRun());
  EXPECT_EQ(fixed.layer_drop_rate.policy(), "fixed");
  EXPECT_FALSE(fixed.layer_drop_rate.has_initial());
}

TEST(DropOptionsTest, SingleOptionsOverruleTheReading) {
  const DropOptions options = Resolve(
      "semantics: REFERENCE mask: SKIP rescale: false channel_axis: OUTPUT drop_bias: true "
      "lr_outside_momentum: false freeze_unselected: true skip_layers: 2 all_dropped: DROP_ALL",
      PublishedRun());
  EXPECT_EQ(options.mask, Param::SKIP);
  EXPECT_FALSE(options.rescale);
  EXPECT_TRUE(options.drop_bias);
  EXPECT_FALSE(options.lr_outside_momentum);
  EXPECT_TRUE(options.freeze_unselected);
  EXPECT_EQ(options.skip_layers, 2);
  EXPECT_EQ(options.skip_parameters, -1);
  EXPECT_EQ(options.all_dropped, Param::DROP_ALL);
}

TEST(DropOptionsTest, ContradictionsAreRefused) {
  const TrainingRun run = PublishedRun();
  TrainingRun adam = run;
  adam.rule = "Adam";
  adam.has_velocity = false;
  EXPECT_FALSE(Resolve("semantics: REFERENCE", adam).lr_outside_momentum);
  const struct {
    const char* text;
    const TrainingRun& run;
    const char* message;
  } cases[] = {
      {"drop_bias: true channel_axis: INPUT", run, "set channel_axis: OUTPUT"},
      {"drop_bias: true semantics: REFERENCE", run, "as semantics REFERENCE has it"},
      {"lr_outside_momentum: true", adam, "Adam has none"},
      {"skip_layers: 1 skip_parameters: 1", run, "choose one"},
      {"layer { eligible: false }", run, "has no name"},
      {"layer { name: 'a' weight: 0 }", run, "must be above 0"},
      {"layer { name: 'a' weight: inf }", run, "finite"},
  };
  for (const auto& bad : cases) {
    const std::string error = ErrorOf(bad.text, bad.run);
    EXPECT_NE(error.find(bad.message), std::string::npos) << bad.text << "\n" << error;
  }
}

}  // namespace
}  // namespace caffe
