// Which snapshots stay, and what becomes of those that cannot be written.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "caffe/util/atomic_file.hpp"
#include "solver/snapshot_files.hpp"
#include "solver/snapshot_history.hpp"
#include "solver/snapshot_lock.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

namespace fs = std::filesystem;

/// Lets no file grow beyond a size while it exists, which a full disk does, too.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  struct rlimit before_;
  void (*handler_)(int);
};

class KeepSnapshotsTest : public ::testing::Test {
 protected:
  KeepSnapshotsTest() { Caffe::set_mode(Caffe::CPU); }

  /// @param more  overrides the others
  string Settings(const string& more = "", const string& prefix = "run") const {
    SolverParameter param = ParseSolver(
        "base_lr: 0.01 lr_policy: 'fixed' random_seed: 1 max_iter: 10 snapshot: 2 "
        "snapshot_prefix: '" +
        (dir_ / prefix) + "' " + TwoLayerNet());
    param.MergeFrom(ParseSolver(more));
    return param.DebugString();
  }

  /// The iterations of the snapshots whose two files are there.
  std::set<int> Iterations(const string& prefix = "run", const string& ending = "") const {
    std::set<int> found;
    for (int k = 0; k <= 40; ++k) {
      const string stem = dir_ / (prefix + "_iter_" + std::to_string(k));
      const bool has_state = fs::exists(stem + ".solverstate" + ending);
      EXPECT_EQ(has_state, fs::exists(stem + ".caffemodel" + ending)) << k;
      if (has_state) found.insert(k);
    }
    return found;
  }

  string ErrorOf(const string& settings) const {
    try {
      MakeSolver<float>(settings)->Solve();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir dir_;
};

typedef std::set<int> Ints;

TEST_F(KeepSnapshotsTest, KeepsTheNewestOfThisRunOnly) {
  MakeSolver<float>(Settings("", "other"))->Solve();
  // An earlier run of the same prefix, in part written over by this one.
  MakeSolver<float>(Settings("snapshot: 3"))->Solve();
  EXPECT_EQ(Iterations(), (Ints{3, 6, 9, 10}));
  std::ofstream(dir_ / "run_iter_4.txt") << "notes";
  MakeSolver<float>(Settings("keep_snapshots: 2"))->Solve();
  EXPECT_EQ(Iterations(), (Ints{3, 8, 9, 10})) << "6 was written over, 3 and 9 are another run's";
  EXPECT_EQ(Iterations("other"), (Ints{2, 4, 6, 8, 10}));
  EXPECT_TRUE(fs::exists(dir_ / "run_iter_4.txt"));
}

TEST_F(KeepSnapshotsTest, GoesOnAfterAResume) {
  for (const string format : {"BINARYPROTO", "HDF5"}) {
    const string prefix = "run_" + format, settings = "snapshot_format: " + format + " ";
    const string ending = format == "HDF5" ? ".h5" : "";
    auto first = MakeSolver<float>(Settings(settings, prefix));
    first->Step(6);
    EXPECT_EQ(Iterations(prefix, ending), (Ints{2, 4, 6}));
    // Another run's, in place of one that this run wrote.
    auto other = MakeSolver<float>(Settings(settings + "base_lr: 0.3", prefix));
    other->Step(2);
    MakeSolver<float>(Settings(settings + "keep_snapshots: 2", prefix))
        ->Solve(dir_ / (prefix + "_iter_6.solverstate" + ending));
    EXPECT_EQ(Iterations(prefix, ending), (Ints{2, 8, 10})) << "4 is gone, 2 is another run's";
  }
}

TEST_F(KeepSnapshotsTest, AStateOfAnotherPrefixIsLeftAlone) {
  MakeSolver<float>(Settings("", "other"))->Step(4);
  auto solver = MakeSolver<float>(Settings("keep_snapshots: 1"));
  solver->Solve(dir_ / "other_iter_4.solverstate");
  EXPECT_EQ(Iterations("other"), (Ints{2, 4}));
  EXPECT_EQ(Iterations(), (Ints{10}));
  EXPECT_EQ(solver->snapshot_history().StateFiles().back(), dir_ / "other_iter_4.solverstate");
}

TEST_F(KeepSnapshotsTest, KeepsTheBest) {
  const struct {
    bool smallest;
    std::vector<double> values;  // of iterations 1, 2, ...
    int best;
  } cases[] = {{false, {0.1, 0.7, 0.3, 0.7, 0.2, 0.5}, 2},
               {true, {2, 0.7, 0.3, 0.4, 0.6, 0.5}, 3},
               {false, {NAN, 0.2, NAN, 0.1, 0.1, NAN}, 2}};
  for (const auto& with : cases) {
    SnapshotHistory history;
    history.Init(dir_ / "run", {.newest = 2, .best = true, .best_is_smallest = with.smallest});
    for (int k = 1; k <= 6; ++k) {
      const string stem = dir_ / ("run_iter_" + std::to_string(k));
      for (const char* ending : {".solverstate", ".caffemodel"}) std::ofstream(stem + ending) << k;
      SnapshotRecord record;
      record.set_iter(k);
      history.Written(record);
      history.RemoveOld();
      history.Tested(k, with.values[k - 1]);
      history.RemoveOld();
    }
    EXPECT_EQ(Iterations(), (Ints{with.best, 5, 6}));
    for (const int k : Iterations()) {
      fs::remove(dir_ / ("run_iter_" + std::to_string(k) + ".solverstate"));
      fs::remove(dir_ / ("run_iter_" + std::to_string(k) + ".caffemodel"));
    }
  }
}

/// The iteration of the best test loss, from the log of a run.
int BestIteration(const LogCapture& log) {
  int iteration = 0, best = 0;
  double least = 1e30;
  for (const string& line : log.lines()) {
    double value;
    std::sscanf(line.c_str(), "Iteration %d, Testing", &iteration);
    const size_t place = line.find(": loss = ");
    if (line.find("Test net output") == string::npos || place == string::npos) continue;
    value = std::stod(line.substr(place + 9));
    if (iteration > 0 && iteration % 2 == 0 && value < least) {
      least = value;
      best = iteration;
    }
  }
  return best;
}

TEST_F(KeepSnapshotsTest, TheBestByATestOutputAlsoAfterAResume) {
  // Random test data: the loss goes up and down.
  const string settings = "max_iter: 20 test_interval: 2 test_iter: 1 keep_best: 'loss' ";
  const LogCapture log;
  auto whole = MakeSolver<float>(Settings(settings + "keep_snapshots: 1", "whole"));
  whole->Solve();
  const int best = BestIteration(log);
  ASSERT_GT(best, 0);
  EXPECT_EQ(Iterations("whole"), (Ints{best, 20}));
  for (const int stop : {best, std::min(best + 2, 18), 18}) {
    const string prefix = "run" + std::to_string(stop);
    const string kept = settings + "keep_snapshots: 1";
    MakeSolver<float>(Settings(kept, prefix))->Step(stop);
    MakeSolver<float>(Settings(kept, prefix))
        ->Solve(dir_ / (prefix + "_iter_" + std::to_string(stop) + ".solverstate"));
    EXPECT_EQ(Iterations(prefix), (Ints{best, 20})) << "stopped at " << stop;
  }
}

TEST_F(KeepSnapshotsTest, WrongSettings) {
  EXPECT_NE(ErrorOf(Settings("keep_snapshots: -1")).find("must not be negative"), string::npos);
  EXPECT_NE(ErrorOf(Settings("keep_best: 'loss'")).find("only with keep_snapshots"), string::npos);
  EXPECT_NE(ErrorOf(Settings("keep_snapshots: 1 keep_best: 'loss'")).find("there is no test net"),
            string::npos);
  const string error =
      ErrorOf(Settings("keep_snapshots: 1 keep_best: 'los' test_interval: 2 test_iter: 1"));
  EXPECT_NE(error.find("no test net has an output 'los' (did you mean 'loss'?)"), string::npos)
      << error;
}

TEST_F(KeepSnapshotsTest, AFailedSnapshotIsAWarningUnlessItIsTheLast) {
  auto solver = MakeSolver<float>(Settings());
  solver->Step(2);
  const string old_state = ReadWholeFile(dir_ / "run_iter_2.solverstate");
  const LogCapture log;
  string error;
  {
    const FileSizeLimit limit(100);
    solver->Step(4);
    EXPECT_EQ(solver->iter(), 6);
    try {
      solver->Solve();
    } catch (const Error& caught) {
      error = caught.what();
    }
  }
  EXPECT_EQ(log.Count("There is no snapshot of iteration"), 3) << "of 4, 6 and 8";
  EXPECT_EQ(log.Count("the newest snapshot is '" + (dir_ / "run_iter_2.solverstate")), 3);
  EXPECT_EQ(log.Count("File too large; a snapshot needs about 0.0 MB, "), 3);
  EXPECT_NE(error.find("run_iter_10.caffemodel': File too large; a snapshot needs about"),
            string::npos)
      << error;
  EXPECT_EQ(Iterations(), (Ints{2}));
  EXPECT_EQ(ReadWholeFile(dir_ / "run_iter_2.solverstate"), old_state);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()), 3)
      << "two files and the lock";
}

// The model fits, the state does not: the pair of an earlier run stays as it was.
TEST_F(KeepSnapshotsTest, AFailedSnapshotBringsBackThePairOfThatName) {
  MakeSolver<float>(Settings("momentum: 0.9"))->Step(2);
  const string model = ReadWholeFile(dir_ / "run_iter_2.caffemodel");
  const string state = ReadWholeFile(dir_ / "run_iter_2.solverstate");
  for (const bool was_there : {true, false}) {
    if (!was_there) {
      fs::remove(dir_ / "run_iter_2.caffemodel");
      fs::remove(dir_ / "run_iter_2.solverstate");
    }
    auto solver = MakeSolver<float>(Settings("random_seed: 2 type: 'Adam' momentum: 0.9"));
    const LogCapture log;
    {
      const FileSizeLimit limit(model.size() + 10);
      solver->Step(2);
    }
    EXPECT_EQ(log.Count("cannot write '" + (dir_ / "run_iter_2.solverstate")), 1);
    EXPECT_EQ(Iterations(), was_there ? Ints{2} : Ints{});
    if (!was_there) continue;
    EXPECT_EQ(ReadWholeFile(dir_ / "run_iter_2.caffemodel"), model);
    EXPECT_EQ(ReadWholeFile(dir_ / "run_iter_2.solverstate"), state);
    EXPECT_EQ(RemoveStaleTemporaries(dir_ / "run_iter_"), 0);
  }
}

TEST_F(KeepSnapshotsTest, TheNanMessageNamesSnapshotsOfThisRun) {
  MakeSolver<float>(Settings())->Solve();  // up to iteration 10
  const string explode = "base_lr: 1e15 weight_decay: 1e15 snapshot: 100 ";
  const string error = ErrorOf(Settings(explode));
  EXPECT_NE(error.find("There is no snapshot with finite weights of this run."), string::npos)
      << error;
  auto resumed = MakeSolver<float>(Settings(explode));
  string text;
  try {
    resumed->Solve(dir_ / "run_iter_4.solverstate");
  } catch (const Error& caught) {
    text = caught.what();
  }
  EXPECT_NE(text.find("good snapshot of this run is '" + (dir_ / "run_iter_4.solverstate")),
            string::npos)
      << text;
}

TEST_F(KeepSnapshotsTest, OnePrefixIsOneProcess) {
  const string prefix = dir_ / "run";
  auto lock = SnapshotLock::Take(prefix);
  EXPECT_EQ(SnapshotLock::Take(fs::path(dir_.path()) / "." / "run"), lock) << "the same process";
  const auto taken_elsewhere = [&] {
    const pid_t child = fork();
    if (child == 0) {
      // A child does not know of the parent's lock but by the file.
      execl("/usr/bin/flock", "flock", "-n", (prefix + ".lock").c_str(), "true", nullptr);
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(taken_elsewhere(), 1);
  lock.reset();
  EXPECT_FALSE(fs::exists(prefix + ".lock"));
  EXPECT_EQ(SnapshotLock::Take(dir_ / "no/such/directory/run"), nullptr);
  const fs::path before = fs::current_path();
  fs::current_path(dir_.path());
  lock = SnapshotLock::Take("relative");
  EXPECT_EQ(SnapshotLock::Take("relative"), lock) << "its file is there now";
  fs::current_path(before);
}

}  // namespace
}  // namespace caffe
