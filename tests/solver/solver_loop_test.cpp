#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/signal_handler.h"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

namespace fs = std::filesystem;

class SolverLoopTest : public ::testing::Test {
 protected:
  SolverLoopTest() { Caffe::set_mode(Caffe::CPU); }
};

/// Data that never changes, so that every number in the log is known.
string ConstantNet(const string& extra = "") {
  return "net_param { name: 'constant' "
         "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 2 dim: 1 } shape { dim: 2 } "
         "      data_filler { type: 'constant' value: 1 } "
         "      data_filler { type: 'constant' value: 0 } } } "
         "  layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' "
         "    inner_product_param { num_output: 2 } } "
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' "
         "    top: 'loss' loss_weight: 2 } " +
         extra + "} ";
}

string WithoutSpeed(const string& line) {
  static const std::regex speed("\\([-+.0-9e]+ iter/s, [-+.0-9e]+s/([0-9]+) iters\\)");
  return std::regex_replace(line, speed, "(R iter/s, Ts/$1 iters)");
}

TEST_F(SolverLoopTest, LogLinesToTheLetter) {
  // With rate 0 the loss stays ln 2, times its weight.
  auto solver = MakeSolver<float>(
      "base_lr: 0 lr_policy: 'fixed' max_iter: 2 display: 1 random_seed: 1 "
      "snapshot_after_train: false test_iter: 2 test_interval: 2 test_compute_loss: true " +
      ConstantNet());
  LogCapture log;
  solver->Solve();
  vector<string> lines;
  for (const string& line : log.lines()) {
    if (line.find("Ignoring source layer") == string::npos) lines.push_back(WithoutSpeed(line));
  }
  const vector<string> expected = {"Solving constant",
                                   "Learning Rate Policy: fixed",
                                   "Iteration 0, Testing net (#0)",
                                   "Test loss: 1.38629",
                                   "    Test net output #0: loss = 0.693147 (* 2 = 1.38629 loss)",
                                   "Iteration 0 (R iter/s, Ts/1 iters), loss = 1.38629",
                                   "    Train net output #0: loss = 0.693147 (* 2 = 1.38629 loss)",
                                   "Iteration 0, lr = 0",
                                   "Iteration 1 (R iter/s, Ts/1 iters), loss = 1.38629",
                                   "    Train net output #0: loss = 0.693147 (* 2 = 1.38629 loss)",
                                   "Iteration 1, lr = 0",
                                   "Iteration 2, loss = 1.38629",
                                   "Iteration 2, Testing net (#0)",
                                   "Test loss: 1.38629",
                                   "    Test net output #0: loss = 0.693147 (* 2 = 1.38629 loss)",
                                   "Optimization Done."};
  EXPECT_EQ(lines, expected);
}

TEST_F(SolverLoopTest, MultistepAndClippingLines) {
  LogCapture log;
  auto solver = MakeSolver<float>(
      "base_lr: 0 lr_policy: 'multistep' gamma: 0.5 stepvalue: 2 max_iter: 3 clip_gradients: 0.5 " +
      ConstantNet());
  solver->Step(3);
  EXPECT_EQ(log.Count("MultiStep Status: Iteration 2, step = 1"), 1);
  // The gradients: (-1, 1) for the weights and for the biases, so the norm is 2.
  EXPECT_EQ(log.Count("Gradient clipping: scaling down gradients (L2 norm 2 > 0.5) by scale "
                      "factor 0.25"),
            3);
}

class LossShower : public SGDSolver<float> {
 public:
  using SGDSolver<float>::SGDSolver;
  vector<float> Show(const vector<float>& losses, int average) {
    vector<float> shown;
    for (const float loss : losses) {
      UpdateSmoothedLoss(loss, 0, average);
      shown.push_back(smoothed_loss_);
      ++iter_;
    }
    return shown;
  }
};

TEST_F(SolverLoopTest, SmoothedLoss) {
  LossShower solver(ParseSolver(ConstantNet()));
  EXPECT_EQ(solver.Show({6, 3, 0, 9, 6}, 3), (vector<float>{6, 4.5, 3, 4, 5}));
}

TEST_F(SolverLoopTest, SnapshotNames) {
  const TempDir dir;
  const string text = "base_lr: 0 lr_policy: 'fixed' snapshot: 5 snapshot_prefix: '" + (dir / "p") +
                      "' " + ConstantNet();
  const auto files = [&dir] {
    vector<string> names;
    for (const auto& entry : fs::directory_iterator(dir.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  };
  MakeSolver<float>("max_iter: 10 " + text)->Solve();
  EXPECT_EQ(files(), (vector<string>{"p_iter_10.caffemodel", "p_iter_10.solverstate",
                                     "p_iter_5.caffemodel", "p_iter_5.solverstate"}));
  for (const string& name : files()) fs::remove(dir / name);
  MakeSolver<float>("max_iter: 4 " + text)->Solve();
  EXPECT_EQ(files(), (vector<string>{"p_iter_4.caffemodel", "p_iter_4.solverstate"}));
}

TEST_F(SolverLoopTest, CleansUpAfterAKilledRun) {
  const TempDir dir;
  const string stale = dir / "p_iter_5.caffemodel.77-0.caffe-tmp";
  std::ofstream(stale) << "half a model";
  MakeSolver<float>("lr_policy: 'fixed' snapshot: 5 snapshot_prefix: '" + (dir / "p") + "' " +
                    ConstantNet());
  EXPECT_FALSE(fs::exists(stale));
  EXPECT_TRUE(fs::is_empty(dir.path())) << "the probe is still there";
}

TEST_F(SolverLoopTest, SignalsAskForActions) {
  const TempDir dir;
  SignalHandler handler(SolverAction::STOP, SolverAction::SNAPSHOT);
  EXPECT_THROW(SignalHandler(SolverAction::STOP, SolverAction::STOP), Error);
  const ActionCallback ask = handler.GetActionFunction();
  EXPECT_EQ(ask(), SolverAction::NONE);
  raise(SIGINT);
  raise(SIGINT);
  raise(SIGHUP);
  EXPECT_EQ(ask(), SolverAction::SNAPSHOT);
  EXPECT_EQ(ask(), SolverAction::STOP);
  EXPECT_EQ(ask(), SolverAction::NONE);

  auto solver = MakeSolver<float>("base_lr: 0 lr_policy: 'fixed' max_iter: 10 snapshot_prefix: '" +
                                  (dir / "p") + "' " + ConstantNet());
  int asked = 0;
  solver->SetActionFunction([&asked]() -> SolverAction::Enum {
    return ++asked == 2 ? SolverAction::SNAPSHOT
           : asked == 4 ? SolverAction::STOP
                        : SolverAction::NONE;
  });
  LogCapture log;
  solver->Solve();
  EXPECT_EQ(solver->iter(), 4);
  EXPECT_EQ(log.lines().back(), "Optimization stopped early.");
  EXPECT_TRUE(fs::exists(dir / "p_iter_2.solverstate"));
  EXPECT_TRUE(fs::exists(dir / "p_iter_4.solverstate"));
}

TEST_F(SolverLoopTest, StopDuringATestPass) {
  auto solver = MakeSolver<float>(
      "base_lr: 0 lr_policy: 'fixed' max_iter: 10 test_iter: 5 test_interval: 3 "
      "snapshot_after_train: false " +
      ConstantNet());
  int asked = 0;
  solver->SetActionFunction(
      [&asked] { return ++asked == 3 ? SolverAction::STOP : SolverAction::NONE; });
  LogCapture log;
  solver->Solve();
  EXPECT_EQ(solver->iter(), 0);
  EXPECT_EQ(log.Count("Test interrupted."), 1);
  EXPECT_EQ(log.Count("Test net output"), 0);
}

TEST_F(SolverLoopTest, TestNetsAndTheirStates) {
  // An extra layer shows which state a net was built with.
  const string extra =
      "layer { name: 'staged' type: 'Silence' bottom: 'data' include { stage: 'a' } } "
      "layer { name: 'test_only' type: 'Silence' bottom: 'data' include { phase: TEST } } "
      "layer { name: 'level' type: 'Silence' bottom: 'data' include { min_level: 2 } } ";
  auto solver = MakeSolver<float>(
      "test_interval: 1 test_iter: 1 test_iter: 2 train_state { stage: 'a' } "
      "test_state { level: 2 } test_state { stage: 'a' } " +
      ConstantNet(extra));
  ASSERT_EQ(solver->test_nets().size(), 2u);
  const auto has = [](const Net<float>& net) {
    return string(net.has_layer("staged") ? "s" : "") + (net.has_layer("test_only") ? "t" : "") +
           (net.has_layer("level") ? "l" : "");
  };
  EXPECT_EQ(has(*solver->net()), "s");
  EXPECT_EQ(has(*solver->test_nets()[0]), "tl");
  EXPECT_EQ(has(*solver->test_nets()[1]), "st");
}

TEST_F(SolverLoopTest, Refusals) {
  const struct {
    string text;
    const char* message;
  } cases[] = {
      {"", "exactly one of net, net_param"},
      {"net: 'a' " + ConstantNet(), "2 are set"},
      {"type: 'SDG' " + ConstantNet(),
       "unknown solver type 'SDG' (did you mean 'SGD'?); known types: AdaDelta, AdaGrad, Adam, "
       "ChannelDropBack, Nesterov, RMSProp, SGD"},
      {"test_iter: 1 " + ConstantNet(), "no test_interval"},
      {"test_interval: 1 test_iter: 1 test_state {} test_state {} " + ConstantNet(),
       "test_state must be given"},
      {"test_interval: 1 train_" + ConstantNet() + " test_" + ConstantNet(), "test_iter must be"},
      {"average_loss: 0 " + ConstantNet(), "average_loss is 0"},
      {"iter_size: 0 " + ConstantNet(), "iter_size is 0"},
      {ConstantNet(), "the solver has no lr_policy"},
      {"lr_policy: 'sted' " + ConstantNet(), "unknown lr_policy 'sted'"},
      {"lr_policy: 'fixed' weight_decay: 1 regularization_type: 'L3' " + ConstantNet(),
       "regularization_type is 'L3'"},
      {"snapshot: 5 snapshot_prefix: '/no/such/place/p' " + ConstantNet(),
       "snapshots cannot be written to snapshot_prefix '/no/such/place/p'"},
      {"snapshot: 5 " + ConstantNet(), "snapshot_prefix is not set"},
      {"weights: 'none.caffemodel' " + ConstantNet(), "none.caffemodel"},
  };
  for (const auto& bad : cases) {
    const string error = SolverError(bad.text);
    EXPECT_NE(error.find(bad.message), string::npos) << bad.text << "\n" << error;
  }
}

}  // namespace
}  // namespace caffe
