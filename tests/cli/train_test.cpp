// `caffe train`: its log, snapshots and mistakes.

#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include "tests/cli/run_caffe.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const char kNumber[] = "[-+.0-9e]+";

class TrainCommandTest : public CaffeRunner {};

TEST_F(TrainCommandTest, LogHasTheLinesThatParsersExpect) {
  WriteSolver();
  const RunResult run = Run("train --solver=solver.prototxt");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::string n = kNumber;
  EXPECT_EQ(run.Count("Use CPU\\."), 1);
  EXPECT_EQ(run.Count("Creating training net from net file: net.prototxt"), 1);
  EXPECT_EQ(run.Count("Solver scaffolding done\\."), 1);
  EXPECT_EQ(run.Count("Starting Optimization"), 1);
  EXPECT_EQ(run.Count("Solving tiny"), 1);
  EXPECT_EQ(run.Count("Learning Rate Policy: fixed"), 1);
  EXPECT_EQ(run.Count("Iteration [024] \\(" + n + " iter/s, " + n + "s/2 iters\\), loss = " + n),
            3);
  EXPECT_EQ(run.Count("Iteration 6, loss = " + n), 1);
  EXPECT_EQ(run.Count("    Train net output #0: loss = " + n + " \\(\\* 1 = " + n + " loss\\)"), 3);
  EXPECT_EQ(run.Count("Iteration [024], lr = 0\\.1"), 3);
  EXPECT_EQ(run.Count("Iteration [05], Testing net \\(#0\\)"), 2);
  EXPECT_EQ(run.Count("    Test net output #0: accuracy = " + n), 2);
  EXPECT_EQ(run.Count("    Test net output #1: loss = " + n + " \\(\\* 1 = " + n + " loss\\)"), 2);
  EXPECT_EQ(run.Count("Snapshotting to binary proto file snap_iter_[36]\\.caffemodel"), 2);
  EXPECT_EQ(run.Count("Snapshotting solver state to binary proto file "
                      "snap_iter_[36]\\.solverstate"),
            2);
  EXPECT_EQ(run.Count("Optimization Done\\."), 2);
  EXPECT_EQ(run.err.find('\r'), std::string::npos) << "no progress line where there is no terminal";
  EXPECT_EQ(run.out, "");
}

TEST_F(TrainCommandTest, LogFilesAreWrittenOnlyIfAskedFor) {
  WriteSolver();
  ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "tmp"));
  std::filesystem::create_directory(dir_ / "logs");
  const RunResult run = Run("train --solver=solver.prototxt --log_dir=logs");
  ASSERT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.Count("Starting Optimization"), 1) << "and still on standard error";
  EXPECT_TRUE(std::filesystem::exists(dir_ / "logs/caffe.INFO"));
}

TEST_F(TrainCommandTest, LogsThatStayEmptyAreWarnedOf) {
  WriteSolver();
  const std::string warning = "Nothing will be written to the logs .*";
  EXPECT_EQ(Run("train --solver=solver.prototxt --log_csv=run.csv").Count(warning), 0);
  dir_.Write("solver.prototxt",
             "net: 'net.prototxt' base_lr: 0.1 lr_policy: 'fixed' max_iter: 1 solver_mode: CPU"
             " snapshot_prefix: 'snap'");
  EXPECT_EQ(Run("train --solver=solver.prototxt --log_csv=run.csv").Count(warning), 1);
  EXPECT_EQ(Run("train --solver=solver.prototxt").Count(warning), 0);
}

TEST_F(TrainCommandTest, ResumesFromASnapshot) {
  WriteSolver();
  ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
  const std::string whole = dir_.Read("snap_iter_6.caffemodel");
  std::filesystem::remove(dir_ / "snap_iter_6.caffemodel");
  const RunResult run = Run("train -solver solver.prototxt -snapshot snap_iter_3.solverstate");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Resuming from snap_iter_3\\.solverstate"), 1);
  EXPECT_EQ(dir_.Read("snap_iter_6.caffemodel"), whole);
}

TEST_F(TrainCommandTest, AutoSnapshotTakesTheNewestOrStartsAnew) {
  WriteSolver();
  const RunResult first = Run("train --solver=solver.prototxt --snapshot=auto");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.Count("No complete snapshot snap_iter_\\* .*"), 1);
  std::filesystem::remove(dir_ / "snap_iter_6.caffemodel");
  const RunResult second = Run("train --solver=solver.prototxt --snapshot=auto");
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(second.Count("Resuming from .*snap_iter_3\\.solverstate"), 1);
}

TEST_F(TrainCommandTest, StartsFromWeights) {
  WriteSolver();
  ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
  const RunResult run =
      Run("train --solver=solver.prototxt --weights=snap_iter_3.caffemodel,snap_iter_6.caffemodel");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_GE(run.Count("Finetuning from snap_iter_3\\.caffemodel"), 1);
  EXPECT_GE(run.Count("Finetuning from snap_iter_6\\.caffemodel"), 1);
  EXPECT_THAT(RunError("train --solver=solver.prototxt --weights=a --snapshot=b"),
              HasSubstr("not both"));
}

TEST_F(TrainCommandTest, StagesAndLevelReachTheNet) {
  WriteSolver();
  dir_.Write("net.prototxt", dir_.Read("net.prototxt") +
                                 "layer { name: 'extra' type: 'InnerProduct' bottom: 'data'"
                                 " top: 'extra' inner_product_param { num_output: 1 }"
                                 " include { stage: 'more' min_level: 2 } }");
  const std::string command = "train --solver=solver.prototxt --stage=other,more --level=";
  EXPECT_EQ(Run(command + "2").Count("Creating Layer extra"), 1);
  const RunResult without = Run(command + "1");
  EXPECT_EQ(without.Count("Creating Layer extra"), 0);
  EXPECT_EQ(without.Count("--stage: no layer of the net asks for stage 'other'"), 1);
  EXPECT_EQ(without.Count("--stage: no layer .*'more'"), 0);
}

TEST_F(TrainCommandTest, ALossThatIsNoNumberEndsTheRun) {
  WriteSolver("weight_decay: 1e38\n");
  const std::string error = RunError("train --solver=solver.prototxt");
  EXPECT_THAT(error, HasSubstr("The first layer that is not finite is ip (InnerProduct)"));
  EXPECT_THAT(error, HasSubstr("There is no snapshot with finite weights of this run."));
  EXPECT_EQ(Run("train --solver=solver.prototxt --continue_on_nan").exit_code, 0);
}

TEST_F(TrainCommandTest, MistakesAreToldInOneMessage) {
  WriteSolver();
  EXPECT_THAT(RunError("train"), HasSubstr("--solver=FILE"));
  EXPECT_EQ(RunError("train --solver=none.prototxt"),
            "cannot read 'none.prototxt': No such file or directory\n");
  EXPECT_THAT(RunError("train --solver=solver.prototxt --sigint_effect=stopp"),
              HasSubstr("(did you mean 'stop'?)"));
  EXPECT_THAT(RunError("train --solver=solver.prototxt --gpu=x"), HasSubstr("'x' is no integer"));
  EXPECT_THAT(RunError("train --solver=solver.prototxt --gpu=0,1"), HasSubstr("2 GPUs"));
  EXPECT_THAT(RunError("train --solver=solver.prototxt --snapshot=none.solverstate"),
              HasSubstr("none.solverstate"));
  EXPECT_THAT(RunError("train --solver=solver.prototxt --weights=none.caffemodel"),
              HasSubstr("none.caffemodel"));
  dir_.Write("bad.prototxt", "net: 'net.prototxt'\nbase_lrr: 1\n");
  EXPECT_THAT(RunError("train --solver=bad.prototxt"),
              StartsWith("bad.prototxt:2:1: SolverParameter has no field 'base_lrr' (did you "
                         "mean 'base_lr'?)"));
}

TEST_F(TrainCommandTest, MistakesInTheNetNameItsLine) {
  WriteSolver();
  const std::string net = dir_.Read("net.prototxt");
  const auto with = [&](const std::string& layer) {
    dir_.Write("net.prototxt", net + layer);
    return RunError("train --solver=solver.prototxt");
  };
  EXPECT_THAT(with("layer {\n  inner_product_parm { }\n}\n"),
              StartsWith("net.prototxt:22:3: 'layer' has no field 'inner_product_parm' (did you "
                         "mean 'inner_product_param'?)"));
  EXPECT_THAT(with("layer { name: 'x' type: 'InerProduct' bottom: 'data' top: 'x' }\n"),
              AllOf(HasSubstr("x (InerProduct, net.prototxt:21)"), HasSubstr("'InnerProduct'")));
  EXPECT_THAT(with("layer { name: 'x' type: 'InnerProduct' bottom: 'dat' top: 'x' }\n"),
              AllOf(HasSubstr("net.prototxt:21"), HasSubstr("unknown bottom 'dat'"),
                    HasSubstr("did you mean")));
}

/// What a program writes on a terminal of its own.
std::string RunOnTerminal(const std::vector<std::string>& arguments, const std::string& directory) {
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    if (chdir(directory.c_str()) == 0) execv(argv[0], argv.data());
    _exit(127);
  }
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = read(terminal, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, count);
  }
  int status = -1;
  waitpid(child, &status, 0);
  close(terminal);
  EXPECT_EQ(status, 0) << text;
  return text;
}

TEST_F(TrainCommandTest, ProgressOnATerminalLeavesLogLinesWhole) {
  WriteSolver();
  std::string text =
      RunOnTerminal({CAFFE_PROGRAM, "train", "--solver=solver.prototxt"}, dir_.path());
  EXPECT_THAT(text, HasSubstr("\r\033[K0/6  0.0 %"));
  // What is left after each cleared status line starts in the first column.
  text = std::regex_replace(text, std::regex("\r\033\\[K\\d[^\r\n]*(?=\r\033\\[K)"), "");
  text = std::regex_replace(text, std::regex("\r\033\\[K|\r"), "");
  const RunResult run{0, "", text};
  EXPECT_EQ(run.Count("Iteration 0, lr = 0\\.1"), 1) << text;
  EXPECT_EQ(run.Count("Optimization Done\\."), 2) << text;
  EXPECT_EQ(text.find(" % "), std::string::npos) << "every status line was cleared: " << text;
}

/// Replaces a part of a file, which it must have.
void Edit(const TempDir& dir, const std::string& file, const std::string& part,
          const std::string& other) {
  std::string text = dir.Read(file);
  const size_t at = text.find(part);
  ASSERT_NE(at, std::string::npos) << part;
  dir.Write(file, text.replace(at, part.size(), other));
}

TEST_F(TrainCommandTest, SnapshotFolderIsLookedForAtTheStart) {
  for (const std::string interval : {"", "snapshot: 3\n"}) {
    WriteSolver();
    Edit(dir_, "solver.prototxt", "snapshot: 3\n", interval);
    Edit(dir_, "solver.prototxt", "'snap'", "'nowhere/snap'");
    const RunResult run = Run("train --solver=solver.prototxt");
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.err, ::testing::HasSubstr("snapshot_prefix 'nowhere/snap'"));
    EXPECT_EQ(run.Count("Iteration 0.*"), 0);
    Edit(dir_, "solver.prototxt", "momentum", "snapshot_after_train: false momentum");
    EXPECT_EQ(Run("train --solver=solver.prototxt").exit_code, interval.empty() ? 0 : 1);
  }
}

TEST_F(TrainCommandTest, NothingToTrainOnIsAnError) {
  const std::pair<const char*, const char*> lacking[] = {{"base_lr: 0.1\n", "no base_lr"},
                                                         {"max_iter: 6\n", "no max_iter"}};
  for (const auto& [field, message] : lacking) {
    WriteSolver();
    Edit(dir_, "solver.prototxt", field, "");
    EXPECT_THAT(RunError("train --solver=solver.prototxt"), ::testing::HasSubstr(message));
  }
  WriteSolver();
  Edit(dir_, "net.prototxt", "name: 'loss' ", "name: 'loss' include { phase: TEST } ");
  EXPECT_THAT(RunError("train --solver=solver.prototxt"), ::testing::HasSubstr("has no loss"));
  WriteSolver();
  Edit(dir_, "net.prototxt", "type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss'",
       "type: 'Softmax' bottom: 'ip' top: 'loss' loss_weight: 1");
  EXPECT_EQ(Run("train --solver=solver.prototxt").exit_code, 0) << "any top may have a weight";
}

TEST_F(TrainCommandTest, SettingsOfOtherForksAreNamedInOneLine) {
  WriteSolver("solver_data_type: FLOAT\n");
  Edit(dir_, "net.prototxt", "name: 'tiny'", "name: 'tiny' default_forward_type: FLOAT16");
  const RunResult run = Run("train --solver=solver.prototxt");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("solver.prototxt: skipped settings .*: solver_data_type"), 1);
  EXPECT_GE(run.Count("net.prototxt: skipped settings .*: default_forward_type"), 1);
}

TEST_F(TrainCommandTest, CpuOverridesTheGpuModeOfTheFile) {
  WriteSolver();
  std::string solver = dir_.Read("solver.prototxt");
  // An id that no machine has.
  solver.replace(solver.find("solver_mode: CPU"), 16, "solver_mode: GPU device_id: 99");
  dir_.Write("gpu.prototxt", solver);
  EXPECT_THAT(RunError("train --solver=gpu.prototxt"),
              AllOf(HasSubstr("solver_mode: GPU"), HasSubstr("--cpu trains on the CPU")));
  const RunResult run = Run("train --solver=gpu.prototxt --cpu");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Use CPU\\."), 1);
  EXPECT_THAT(RunError("train --solver=gpu.prototxt --cpu --gpu=0"),
              HasSubstr("--cpu and --gpu=0 are both given"));
  EXPECT_THAT(RunError("time --model=net.prototxt --cpu --gpu=0"), HasSubstr("give one of them"));
}

TEST_F(TrainCommandTest, ALayerThatARuleLeavesOutIsNamed) {
  WriteSolver();
  std::string net = dir_.Read("net.prototxt");
  net.insert(net.find("type: 'DummyData'"), "include { phase: TRAIN } ");
  dir_.Write("net.prototxt", net);
  for (const char* command : {"train --solver=solver.prototxt", "summary net.prototxt --phase=TEST",
                              "time --model=net.prototxt --phase=TEST --iterations=1"}) {
    EXPECT_THAT(RunError(command),
                AllOf(HasSubstr("ip (InnerProduct, net.prototxt:10): unknown bottom 'data'"),
                      HasSubstr("layer data (DummyData, net.prototxt:2) makes it"),
                      HasSubstr("include { phase: TRAIN }"), HasSubstr("phase TEST")))
        << command;
  }
  // One maker in each phase, and a maker further down, are other matters.
  dir_.Write("order.prototxt",
             "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' }\n"
             "layer { name: 'b' type: 'Input' top: 'x' input_param { shape { dim: 1 } } }\n");
  EXPECT_THAT(RunError("summary order.prototxt"),
              AllOf(HasSubstr("unknown bottom 'x'"), Not(HasSubstr("rule"))));
}

}  // namespace
}  // namespace caffe
