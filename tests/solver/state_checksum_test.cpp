#include "solver/state_checksum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "caffe/util/atomic_file.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "solver/hdf5_state.hpp"
#include "solver/snapshot_files.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// The content of a file after something happened to it.
string Damaged(string content, std::mt19937* random) {
  const auto below = [random](size_t limit) { return (*random)() % limit; };
  const size_t place = below(content.size());
  switch (below(4)) {
    case 0:  // a bit
      content[place] = static_cast<char>(content[place] ^ (1 << below(8)));
      break;
    case 1:  // a lost block
      std::fill_n(content.begin() + place, std::min<size_t>(512, content.size() - place), '\0');
      break;
    case 2:  // cut short
      content.resize(place);
      break;
    default:  // a block from elsewhere
      content.replace(place, 64, content.substr(below(content.size()), 64));
  }
  return content;
}

class StateChecksumTest : public ::testing::Test {
 protected:
  string Settings(const string& format) const {
    return "base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 random_seed: 3 max_iter: 5 "
           "snapshot_format: " +
           format + " snapshot_prefix: '" + (dir_ / "run") + "' " + TwoLayerNet();
  }

  /// Takes a snapshot in the given format. @return the state's file
  string Snapshot(const string& format) {
    Caffe::set_mode(Caffe::CPU);
    auto solver = MakeSolver<float>(Settings(format));
    solver->Step(3);
    solver->Snapshot();
    return dir_ / (format == "HDF5" ? "run_iter_3.solverstate.h5" : "run_iter_3.solverstate");
  }

  string RestoreError(const string& file, const string& format) {
    try {
      MakeSolver<float>(Settings(format))->Restore(file.c_str());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir dir_;
};

TEST_F(StateChecksumTest, EveryDamagedStateIsRefused) {
  std::mt19937 random(20261);
  FLAGS_minloglevel = google::WARNING;
  for (const string format : {"BINARYPROTO", "HDF5"}) {
    const string file = Snapshot(format);
    const string whole = ReadWholeFile(file);
    EXPECT_EQ(RestoreError(file, format), "");
    for (int i = 0; i < 150; ++i) {
      const string content = Damaged(whole, &random);
      if (content == whole) continue;
      WriteFileAtomically(file, content);
      EXPECT_NE(RestoreError(file, format), "") << format << ", damage " << i;
    }
    // The places where the checksum and its mark are.
    for (size_t place = 0; place < 16; ++place) {
      for (const size_t at : {place, whole.size() - 1 - place}) {
        string content = whole;
        content[at] = static_cast<char>(content[at] ^ 0x10);
        WriteFileAtomically(file, content);
        EXPECT_NE(RestoreError(file, format), "") << format << ", byte " << at;
      }
    }
    WriteFileAtomically(file, whole.substr(0, whole.size() - 7));
    EXPECT_NE(RestoreError(file, format).find("the checksum at its end is missing"), string::npos);
  }
  FLAGS_minloglevel = google::INFO;
}

TEST_F(StateChecksumTest, TheMessageSaysWhatToDo) {
  const string file = Snapshot("BINARYPROTO");
  string content = ReadWholeFile(file);
  content[content.size() / 2] ^= 1;
  WriteFileAtomically(file, content);
  EXPECT_EQ(RestoreError(file, "BINARYPROTO"),
            "'" + file +
                "' is damaged, or was changed by another program: its checksum differs. "
                "Use another snapshot; --snapshot=auto takes the newest that is whole");
  EXPECT_EQ(FindNewestSnapshot(dir_ / "run"), "");
}

// A SolverState to every reader, and states without a checksum are read as they always were.
TEST_F(StateChecksumTest, StatesWithoutChecksumLoad) {
  const string file = Snapshot("BINARYPROTO");
  SolverState state;
  ASSERT_TRUE(state.ParseFromString(ReadWholeFile(file)));
  EXPECT_TRUE(state.is_checksummed());
  EXPECT_EQ(state.iter(), 3);
  state.clear_is_checksummed();
  state.clear_state_crc32();
  WriteFileAtomically(file, state.SerializeAsString());
  EXPECT_EQ(RestoreError(file, "BINARYPROTO"), "");

  const string hdf5 = Snapshot("HDF5");
  state = ReadSolverState(hdf5);
  EXPECT_FALSE(state.is_checksummed());
  EXPECT_FALSE(state.has_state_crc32());
  EXPECT_TRUE(HasHdf5Object(OpenHdf5(hdf5), "history/0"));
}

TEST_F(StateChecksumTest, AModelInPlaceOfAState) {
  for (const string format : {"BINARYPROTO", "HDF5"}) {
    const string state = Snapshot(format);
    const string model = ReadSolverState(state).learned_net();
    const string error = RestoreError(model, format);
    for (const string& part : {"'" + model + "' holds the weights of a net, not a solver state",
                               "give '" + state + "'", "--weights=" + model}) {
      EXPECT_NE(error.find(part), string::npos) << error;
    }
  }
  WriteFileAtomically(dir_ / "x.solverstate", "\x4a\x01x");
  EXPECT_NE(RestoreError(dir_ / "x.solverstate", "BINARYPROTO").find("is not a solver state"),
            string::npos);
}

}  // namespace
}  // namespace caffe
