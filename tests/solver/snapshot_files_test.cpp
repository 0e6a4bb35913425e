#include "solver/snapshot_files.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "caffe/common.hpp"
#include "caffe/util/atomic_file.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

namespace fs = std::filesystem;

class SnapshotFilesTest : public ::testing::Test {
 protected:
  string Path(const string& name) const { return temp_dir_ / name; }

  /// Writes a pair of files as a solver does; the model's content stands for a model.
  void WritePair(int iteration, const string& model) {
    const string stem = Path("run_iter_" + std::to_string(iteration));
    WriteFileAtomically(stem + ".caffemodel", model);
    SolverState state;
    state.set_iter(iteration);
    state.set_learned_net(stem + ".caffemodel");
    state.set_learned_net_bytes(model.size());
    state.set_learned_net_crc32(Crc32(model));
    WriteFileAtomically(stem + ".solverstate", state.SerializeAsString());
  }

  TempDir temp_dir_;
};

TEST_F(SnapshotFilesTest, Crc32OfTheStandardText) { EXPECT_EQ(Crc32("123456789"), 0xcbf43926u); }

TEST_F(SnapshotFilesTest, NewestIsByNumberNotByName) {
  EXPECT_EQ(FindNewestSnapshot(Path("run")), "");
  EXPECT_EQ(FindNewestSnapshot(Path("no/such/directory/run")), "");
  WritePair(900, "a");
  WritePair(1000, "b");
  WritePair(90, "c");
  WriteFileAtomically(Path("other_iter_5000.solverstate"), "x");
  WriteFileAtomically(Path("run_iter_7000x.solverstate"), "x");
  EXPECT_EQ(FindNewestSnapshot(Path("run")), Path("run_iter_1000.solverstate"));
}

TEST_F(SnapshotFilesTest, PassesOverWhatIsNotWhole) {
  WritePair(10, "a model");
  WritePair(20, "a model");
  WritePair(30, "a model");
  WritePair(40, "a model");
  WritePair(50, "a model");
  fs::remove(Path("run_iter_20.caffemodel"));
  WriteFileAtomically(Path("run_iter_30.caffemodel"), "a modem");
  WriteFileAtomically(Path("run_iter_40.caffemodel"), "a mode");
  std::ofstream(Path("run_iter_50.solverstate"), std::ios::trunc) << "\x08";
  EXPECT_EQ(FindNewestSnapshot(Path("run")), Path("run_iter_10.solverstate"));
}

TEST_F(SnapshotFilesTest, FindsTheModelBesideTheState) {
  SolverState state;
  state.set_learned_net("gone/net_iter_1.caffemodel");
  WriteFileAtomically(Path("net_iter_1.caffemodel"), "x");
  EXPECT_EQ(FindLearnedNet(state, Path("net_iter_1.solverstate")), Path("net_iter_1.caffemodel"));
  state.set_learned_net("gone/net_iter_2.caffemodel");
  try {
    FindLearnedNet(state, Path("net_iter_2.solverstate"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(string(error.what()).find("gone/net_iter_2.caffemodel"), string::npos);
  }
}

TEST_F(SnapshotFilesTest, AtomicWriteReplacesAndLeavesNothingBehind) {
  WriteFileAtomically(Path("file"), "first");
  WriteFileAtomically(Path("file"), "second");
  EXPECT_EQ(ReadWholeFile(Path("file")), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp_dir_.path()), fs::directory_iterator()), 1);
}

TEST_F(SnapshotFilesTest, FailuresNameThePathAndTheCause) {
  const auto error_of = [](const string& path) -> string {
    try {
      WriteFileAtomically(path, "content");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(error_of(Path("none/file")),
            "cannot create '" + Path("none/file") + "': No such file or directory");
  fs::create_directories(Path("taken/x"));
  const string error = error_of(Path("taken"));
  EXPECT_NE(error.find("cannot rename to '" + Path("taken") + "'"), string::npos) << error;
  EXPECT_EQ(std::distance(fs::directory_iterator(temp_dir_.path()), fs::directory_iterator()), 1)
      << "the temporary file is still there";
}

// A limit on the size of files fails a write in the middle, as a full disk does.
TEST_F(SnapshotFilesTest, AFailedWriteLeavesTheOldFile) {
  WriteFileAtomically(Path("file"), "the old content");
  struct rlimit old_limit;
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit = {1000, old_limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  string error;
  try {
    WriteFileAtomically(Path("file"), string(5000, 'x'));
  } catch (const Error& caught) {
    error = caught.what();
  }
  setrlimit(RLIMIT_FSIZE, &old_limit);
  signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error, "cannot write '" + Path("file") + "': File too large");
  EXPECT_EQ(ReadWholeFile(Path("file")), "the old content");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp_dir_.path()), fs::directory_iterator()), 1);
}

TEST_F(SnapshotFilesTest, RemovesOnlyStaleTemporariesOfItsOwn) {
  for (const char* name : {"run_iter_5.caffemodel.123-0.caffe-tmp", "run_iter_5.caffemodel.tmp",
                           "other_iter_5.caffemodel.123-0.caffe-tmp"}) {
    std::ofstream(Path(name)) << "x";
  }
  EXPECT_EQ(RemoveStaleTemporaries(Path("run_iter_")), 1);
  EXPECT_FALSE(fs::exists(Path("run_iter_5.caffemodel.123-0.caffe-tmp")));
  EXPECT_TRUE(fs::exists(Path("run_iter_5.caffemodel.tmp")));
  EXPECT_TRUE(fs::exists(Path("other_iter_5.caffemodel.123-0.caffe-tmp")));
}

}  // namespace
}  // namespace caffe
