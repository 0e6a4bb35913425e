// Commands that a signal ends, and two runs at a time.

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "tests/cli/run_caffe.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;

class SignalsTest : public CaffeRunner {
 protected:
  ~SignalsTest() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
  }

  void WriteEndlessSolver(const std::string& more = "") {
    WriteSolver();
    dir_.Write("solver.prototxt",
               "net: 'net.prototxt' base_lr: 0.1 lr_policy: 'fixed' max_iter: 2000000000\n"
               "display: 1 snapshot_prefix: 'snap' solver_mode: CPU\n" +
                   more);
  }

  /// Starts caffe and waits for a text in its log.
  void Start(std::vector<std::string> arguments, const std::string& text) {
    dir_.Write("err.txt", "");
    child_ = fork();
    if (child_ == 0) {
      arguments.insert(arguments.begin(), "caffe");
      std::vector<char*> argv;
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      if (chdir(dir_.path().c_str()) != 0 || freopen("err.txt", "w", stderr) == nullptr) _exit(127);
      setenv("OMP_NUM_THREADS", "1", 1);
      execv(CAFFE_PROGRAM, argv.data());
      _exit(127);
    }
    while (dir_.Read("err.txt").find(text) == std::string::npos) {
      if (waitpid(child_, nullptr, WNOHANG) != 0) {
        child_ = 0;
        FAIL() << "ended too early: " << dir_.Read("err.txt");
      }
      usleep(10000);
    }
  }

  /// Sends the signal and waits for the end.
  RunResult StopWith(int signal) {
    kill(child_, signal);
    int status = -1;
    waitpid(child_, &status, 0);
    child_ = 0;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, "", dir_.Read("err.txt")};
  }

  pid_t child_ = 0;
};

TEST_F(SignalsTest, SigintAndSigtermStopWithASnapshotAndSayHowToResume) {
  const struct {
    int signal, exit_code;
    const char* name;
  } cases[] = {{SIGINT, 130, "SIGINT"}, {SIGTERM, 143, "SIGTERM"}};
  for (const auto& with : cases) {
    WriteEndlessSolver();
    Start({"train", "--solver=solver.prototxt"}, "Iteration 2, lr");
    const RunResult run = StopWith(with.signal);
    EXPECT_EQ(run.exit_code, with.exit_code);
    EXPECT_EQ(run.Count("Optimization stopped early\\."), 1);
    EXPECT_EQ(run.Count("Optimization Done\\."), 0);
    EXPECT_EQ(run.Count("Snapshotting to binary proto file snap_iter_\\d+\\.caffemodel"), 1);
    std::smatch match;
    const std::string last = run.LogMessages().back();
    ASSERT_TRUE(std::regex_match(
        last, match,
        std::regex("Stopped by " + std::string(with.name) +
                   " at iteration (\\d+) of 2000000000\\. "
                   "To resume, repeat the command with --snapshot=(snap_iter_\\1\\.solverstate)")))
        << last;
    EXPECT_TRUE(std::filesystem::exists(dir_ / match[2].str()));
    // It resumes there, and a run that comes to its end says so.
    dir_.Write("solver.prototxt", "net: 'net.prototxt' base_lr: 0.1 lr_policy: 'fixed' max_iter: " +
                                      std::to_string(std::stoi(match[1]) + 2) +
                                      " snapshot_prefix: 'snap' solver_mode: CPU\n");
    const RunResult resumed = Run("train --solver=solver.prototxt --snapshot=" + match[2].str());
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(resumed.LogMessages().back(), "Optimization Done.");
  }
}

TEST_F(SignalsTest, WithoutASnapshotItSaysSo) {
  WriteEndlessSolver("snapshot_after_train: false");
  Start({"train", "--solver=solver.prototxt"}, "Iteration 2, lr");
  const RunResult run = StopWith(SIGTERM);
  EXPECT_EQ(run.exit_code, 143);
  EXPECT_THAT(run.LogMessages().back(), HasSubstr("There is no snapshot of this run"));
}

TEST_F(SignalsTest, EffectsCanBeChosen) {
  WriteEndlessSolver();
  Start({"train", "--solver=solver.prototxt", "--sigterm_effect=none", "--sighup_effect=stop",
         "--sigint_effect=snapshot"},
        "Iteration 2, lr");
  kill(child_, SIGTERM);
  kill(child_, SIGINT);
  while (dir_.Read("err.txt").find("Snapshotting solver state") == std::string::npos) usleep(10000);
  const RunResult run = StopWith(SIGHUP);
  EXPECT_EQ(run.exit_code, 129);
  EXPECT_THAT(run.LogMessages().back(), HasSubstr("Stopped by SIGHUP"));
  EXPECT_THAT(RunError("train --solver=solver.prototxt --sigterm_effect=stpo"),
              HasSubstr("--sigterm_effect is stop, snapshot or none, not 'stpo'"));
}

TEST_F(SignalsTest, ASnapshotThatASignalAsksForAtTheEndMustNotFail) {
  std::filesystem::create_directory(dir_ / "out");
  WriteEndlessSolver();
  dir_.Write("solver.prototxt",
             std::regex_replace(dir_.Read("solver.prototxt"), std::regex("'snap'"), "'out/snap'"));
  Start({"train", "--solver=solver.prototxt"}, "Iteration 2, lr");
  std::filesystem::remove_all(dir_ / "out");
  const RunResult run = StopWith(SIGTERM);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("Error: cannot create 'out/snap_iter_"));
}

TEST_F(SignalsTest, TestAndTimeTellWhatTheyHave) {
  WriteSolver();
  ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
  Start({"test", "--model=net.prototxt", "--weights=snap_iter_6.caffemodel",
         "--iterations=2000000000"},
        "Batch 2, loss");
  const RunResult test = StopWith(SIGINT);
  EXPECT_EQ(test.exit_code, 130);
  EXPECT_EQ(test.Count("Loss: [-+.0-9e]+"), 1);
  EXPECT_EQ(test.Count("accuracy = [-+.0-9e]+"), 1);
  EXPECT_EQ(test.Count("Stopped by SIGINT after \\d+ iterations; .*"), 1);
  Start({"time", "--model=net.prototxt", "--iterations=2000000000"}, "Iteration: 2 ");
  const RunResult time = StopWith(SIGTERM);
  EXPECT_EQ(time.exit_code, 143);
  EXPECT_EQ(time.Count("Average Forward-Backward: [-+.0-9e]+ ms\\."), 1);
  EXPECT_EQ(time.Count("Stopped by SIGTERM after \\d+ iterations; .*"), 1);
}

TEST_F(SignalsTest, ASecondRunOfThePrefixEndsBeforeItTrains) {
  WriteEndlessSolver();
  Start({"train", "--solver=solver.prototxt"}, "Iteration 2, lr");
  const pid_t first = child_;
  dir_.Write("run.csv", "kept");
  const std::string command = "cd " + dir_.path() +
                              " && " CAFFE_PROGRAM
                              " train --solver=solver.prototxt --log_csv=run.csv 2>second.txt";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 1);
  const std::string message = dir_.Read("second.txt");
  EXPECT_THAT(message, HasSubstr("Error: snapshot_prefix 'snap': another run writes its snapshots "
                                 "there (process " +
                                 std::to_string(first) + ")"));
  EXPECT_EQ(message.find("Creating Layer"), std::string::npos);
  EXPECT_EQ(dir_.Read("run.csv"), "kept");
  StopWith(SIGINT);
  // A run that was killed leaves no lock behind.
  Start({"train", "--solver=solver.prototxt"}, "Iteration 2, lr");
  StopWith(SIGKILL);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "snap.lock"));
  WriteSolver();
  const RunResult third = Run("train --solver=solver.prototxt");
  EXPECT_EQ(third.exit_code, 0) << third.err;
  EXPECT_FALSE(std::filesystem::exists(dir_ / "snap.lock"));
}

TEST_F(SignalsTest, AFullDiskCostsSnapshotsNotTheRun) {
  WriteSolver("snapshot_after_train: false\n");
  std::string net = dir_.Read("net.prototxt");
  net.replace(net.find("dim: 3"), 6, "dim: 60000");  // 480 kB of weights
  dir_.Write("net.prototxt", net);
  std::string solver = dir_.Read("solver.prototxt");
  solver.replace(solver.find("snapshot: 3"), 11, "snapshot: 4");
  dir_.Write("solver.prototxt", solver);
  const std::string start = "cd " + dir_.path() +
                            " && ulimit -f 400 && " CAFFE_PROGRAM
                            " train --solver=solver.prototxt 2>err.txt";
  EXPECT_EQ(WEXITSTATUS(std::system(start.c_str())), 0) << dir_.Read("err.txt");
  RunResult run{0, "", dir_.Read("err.txt")};
  EXPECT_EQ(run.Count("There is no snapshot of iteration 4: cannot write 'snap_iter_4.caffemodel': "
                      "File too large; a snapshot needs about 1\\.0 MB, .* Training goes on; there "
                      "is no snapshot of this run yet"),
            1)
      << run.err;
  EXPECT_EQ(run.LogMessages().back(), "Optimization Done.");
  // The last one is worth an error.
  solver.replace(solver.find("snapshot_after_train: false"), 27, "");
  dir_.Write("solver.prototxt", solver);
  EXPECT_EQ(WEXITSTATUS(std::system(start.c_str())), 1);
  EXPECT_THAT(dir_.Read("err.txt"), HasSubstr("Error: cannot write 'snap_iter_6.caffemodel'"));
}

TEST_F(SignalsTest, KeepsWhatTheFlagsSay) {
  WriteSolver();
  ASSERT_EQ(Run("train --solver=solver.prototxt --keep_snapshots=1").exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "snap_iter_3.solverstate"));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "snap_iter_6.solverstate"));
  EXPECT_THAT(RunError("train --solver=solver.prototxt --keep_snapshots=1 --keep_best=acuracy"),
              HasSubstr("no test net has an output 'acuracy' (did you mean 'accuracy'?)"));
  EXPECT_THAT(RunError("train --solver=solver.prototxt --snapshot=snap_iter_6.caffemodel"),
              HasSubstr("give 'snap_iter_6.solverstate', which was written with it"));
}

}  // namespace
}  // namespace caffe
