#include "solver/rate_settings.hpp"

#include <gtest/gtest.h>

#include <string>

#include "solver/snapshot_files.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

string Multistep(const string& rate, const TempDir& dir) {
  return rate + " lr_policy: 'multistep' max_iter: 20 random_seed: 1 snapshot_prefix: '" +
         (dir / "run") + "' " + TwoLayerNet();
}

/// Trains for 6 iterations with one schedule and resumes with another. @return the warning
string ChangeText(const string& before, const string& after) {
  Caffe::set_mode(Caffe::CPU);
  const TempDir dir;
  auto first = MakeSolver<float>(Multistep(before, dir));
  first->Step(6);
  first->Snapshot();
  auto second = MakeSolver<float>(Multistep(after, dir));
  const LogCapture log;
  second->Restore((dir / "run_iter_6.solverstate").c_str());
  for (const string& line : log.lines()) {
    if (line.find("learning rate") != string::npos) return line;
  }
  return "";
}

TEST(RateSettings, OnlyThoseOfTheRate) {
  const SolverParameter all =
      ParseSolver("base_lr: 1 gamma: 0.5 stepvalue: 3 momentum: 0.9 net: 'x' warmup_iter: 2");
  EXPECT_EQ(RateSettings(all).ShortDebugString(),
            ParseSolver("base_lr: 1 gamma: 0.5 stepvalue: 3 warmup_iter: 2").ShortDebugString());
}

TEST(RateSettings, NothingIsSaidOfTheSameSchedule) {
  const string schedule = "base_lr: 0.1 gamma: 0.5 stepvalue: 4 stepvalue: 6";
  EXPECT_EQ(ChangeText(schedule, schedule), "");
  EXPECT_EQ(ChangeText(schedule, schedule + " momentum: 0.5"), "");
}

// The rates are worked out by hand.
TEST(RateSettings, WarnsOfARateThatTheFileWouldNotGive) {
  EXPECT_EQ(
      ChangeText("base_lr: 0.5 gamma: 0.5 stepvalue: 4", "base_lr: 0.5 gamma: 0.5 stepvalue: 10"),
      "The learning rate has another schedule than the state was written with: stepvalue: 10 "
      "instead of stepvalue: 4. Training resumes at iteration 6 with the rate 0.25, before it "
      "was 0.25. By itself the solver file gives 0.5 there: the state has counted 1 decays of "
      "the rate, with this file there are 0. To get the file's rate, start a new training "
      "with --weights instead.");
  EXPECT_EQ(
      ChangeText("base_lr: 0.5 gamma: 0.5 stepvalue: 4", "base_lr: 0.25 gamma: 0.25 stepvalue: 4"),
      "The learning rate has another schedule than the state was written with: base_lr: 0.25 "
      "instead of base_lr: 0.5; gamma: 0.25 instead of gamma: 0.5. Training resumes at "
      "iteration 6 with the rate 0.0625, before it was 0.25.");
}

// A state of Caffe does not say what it was written with.
TEST(RateSettings, StatesOfCaffe) {
  SolverState state;
  state.set_iter(6);
  state.set_current_step(1);
  const SolverParameter solver =
      ParseSolver("base_lr: 0.5 gamma: 0.5 lr_policy: 'multistep' stepvalue: 4 max_iter: 20");
  EXPECT_EQ(RateChangeText(solver, state), "");
  state.set_current_step(0);
  EXPECT_EQ(RateChangeText(solver, state), "") << "a missing step is made up for at once";
  state.set_current_step(2);
  EXPECT_NE(RateChangeText(solver, state).find("has counted 2 decays"), string::npos);
}

}  // namespace
}  // namespace caffe
