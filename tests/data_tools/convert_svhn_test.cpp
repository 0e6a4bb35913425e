// Runs convert_svhn as a user does: on files that SciPy wrote (tests/oracles/make_mat_files.py) and
// on files built here by hand.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "caffe/util/format.hpp"
#include "caffe/util/io.hpp"
#include "tests/data_tools/mat_builder.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

/// Value of image `number` (see make_mat_files.py) at a place.
int Value(int number, int row, int column, int channel) {
  return (3 * row + 5 * column + 64 * channel + 17 * number) % 256;
}

/// An image as the file has it: column by column.
string Columns(int number) {
  string pixels;
  for (int k = 0; k < 3; ++k) {
    for (int c = 0; c < 32; ++c) {
      for (int r = 0; r < 32; ++r) pixels += static_cast<char>(Value(number, r, c, k));
    }
  }
  return pixels;
}

/// Expects images `first`, `first` + 1, ... from record `at` on.
void ExpectImages(const vector<std::pair<string, Datum>>& records, int at, int first, int count) {
  ASSERT_GE(records.size(), static_cast<size_t>(at + count));
  for (int n = 0; n < count; ++n) {
    const auto& [key, datum] = records[at + n];
    EXPECT_EQ(key, format_int(at + n, 6));
    EXPECT_EQ(datum.label(), (first + n) % 10);
    EXPECT_EQ(datum.channels(), 3);
    EXPECT_EQ(datum.height(), 32);
    EXPECT_EQ(datum.width(), 32);
    ASSERT_EQ(datum.data().size(), 3072u);
    for (int i = 0; i < 3072; ++i) {
      ASSERT_EQ(static_cast<unsigned char>(datum.data()[i]),
                Value(first + n, i / 32 % 32, i % 32, i / 1024))
          << key << " at " << i;
    }
  }
}

class ConvertSvhnTest : public ::testing::Test {
 protected:
  string Command(const string& in, const string& flags = "--any_count") const {
    return string(CONVERT_SVHN) + " " + flags + " " + in + " " + out_;
  }
  string In() const { return dir_ / "in"; }
  /// A test file that is good, and a training file of these arrays.
  void WriteFiles(const string& train) const {
    const string good = fs::path(kStored) / "svhn_compressed/test_32x32.mat";
    Write(dir_ / "in/test_32x32.mat", ReadBytes(good));
    Write(dir_ / "in/train_32x32.mat", train);
  }

  const string kStored = CAFFE_TEST_DATA_DIR "/mat";
  TemporaryDirectory dir_;
  string out_ = dir_ / "out";
};

TEST_F(ConvertSvhnTest, ReadsWhatSciPyWrites) {
  for (const char* form : {"svhn_compressed", "svhn_plain"}) {
    const Outcome outcome = RunCommand(Command(kStored + "/" + form, "--any_count --force"));
    ASSERT_EQ(outcome.code, 0) << outcome.output;
    const auto train = ReadAll(out_ + "/train_lmdb");
    ASSERT_EQ(train.size(), 5u) << form;
    ExpectImages(train, 0, 0, 5);
    const auto test = ReadAll(out_ + "/test_lmdb");
    ASSERT_EQ(test.size(), 3u) << form;
    ExpectImages(test, 0, 8, 3);
  }
  EXPECT_EQ(ReadBytes(out_ + "/train_lmdb_labels.txt"), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  BlobProto mean;
  ReadProtoFromBinaryFileOrDie(out_ + "/mean.binaryproto", &mean);
  ASSERT_EQ(mean.data_size(), 3072);
  for (int i = 0; i < 3072; ++i) {
    double sum = 0;
    for (int n = 0; n < 5; ++n) sum += Value(n, i / 32 % 32, i % 32, i / 1024);
    EXPECT_FLOAT_EQ(mean.data(i), static_cast<float>(sum / 5)) << i;
  }
}

TEST_F(ConvertSvhnTest, AppendsTheExtraImages) {
  for (const char* form : {"svhn_compressed", "svhn_plain"}) {
    const Outcome outcome =
        RunCommand(Command(kStored + "/" + form, "--any_count --extra --force"));
    ASSERT_EQ(outcome.code, 0) << outcome.output;
    const auto train = ReadAll(out_ + "/train_lmdb");
    ASSERT_EQ(train.size(), 7u) << form;
    ExpectImages(train, 0, 0, 5);
    ExpectImages(train, 5, 100, 2);
  }
}

TEST_F(ConvertSvhnTest, ReadsEveryFormOfTheFile) {
  constexpr int kCount = 11;
  for (const bool big : {false, true}) {
    for (const bool compressed : {false, true}) {
      for (const bool labels_first : {false, true}) {
        for (const bool doubles : {false, true}) {
          const MatBuilder mat(big);
          string pixels, labels;
          for (int n = 0; n < kCount; ++n) {
            pixels += Columns(n);
            const int label = n % 10 == 0 ? 10 : n % 10;
            labels += doubles ? mat.Bytes<double>(label) : string(1, static_cast<char>(label));
          }
          // MATLAB stores doubles that are small integers as bytes.
          string x = mat.Matrix("X", 9, {32, 32, 3, kCount}, 2, pixels);
          string y = mat.Matrix("y", 6, {kCount, 1}, doubles ? 9 : 2, labels);
          string other = mat.Matrix("other", 6, {1, 1}, 2, "\7");
          if (compressed) x = mat.Compressed(x), y = mat.Compressed(y);
          WriteFiles(mat.Header() + (labels_first ? y + other + x : x + other + y));
          const Outcome outcome = RunCommand(Command(In(), "--any_count --force"));
          ASSERT_EQ(outcome.code, 0) << outcome.output;
          const auto train = ReadAll(out_ + "/train_lmdb");
          ASSERT_EQ(train.size(), static_cast<size_t>(kCount));
          ExpectImages(train, 0, 0, kCount);
        }
      }
    }
  }
}

TEST_F(ConvertSvhnTest, ReadsASingleImage) {
  const MatBuilder mat(false);
  WriteFiles(mat.Header() + mat.Matrix("X", 9, {32, 32, 3}, 2, Columns(4)) +
             mat.Matrix("y", 9, {1, 1}, 2, "\4"));
  ASSERT_EQ(RunCommand(Command(In())).code, 0);
  ExpectImages(ReadAll(out_ + "/train_lmdb"), 0, 4, 1);
}

TEST_F(ConvertSvhnTest, SaysWhatIsWrongAndLeavesNothingBehind) {
  const MatBuilder mat(false);
  const string x = mat.Matrix("X", 9, {32, 32, 3, 2}, 2, Columns(1) + Columns(2));
  const string y = mat.Matrix("y", 9, {2, 1}, 2, "\1\2");
  const string head = mat.Header();
  const auto expect = [&](const string& train, const vector<string>& parts) {
    WriteFiles(train);
    vector<string> all{"in/train_32x32.mat"};
    all.insert(all.end(), parts.begin(), parts.end());
    ExpectFailure(Command(In()), all, dir_ / "", {"in"});
  };
  expect(head.substr(0, 100), {"100 bytes", "128"});
  expect(string(200, ' '), {"no MAT file of level 5"});
  expect("MATLAB 7.3 MAT-file" + string(600, ' '), {"7.3", "-v7"});
  expect(head + y, {"no array 'X'", "only 'y'"});
  expect(head + x, {"no array 'y'", "only 'X'"});
  expect((head + y + x).substr(0, 5000), {"cut off", "the array at byte"});
  expect(head + x.substr(0, x.size() - 8) + y, {"cut off"});
  const string packed = mat.Compressed(x);
  expect(head + y + packed.substr(0, packed.size() / 2), {"cut off"});
  string damaged = packed;
  for (size_t i = packed.size() / 2; i < packed.size() / 2 + 40; ++i) damaged[i] ^= 0x55;
  expect(head + y + damaged, {"compressed array"});
  damaged = packed;
  damaged.back() ^= 1;  // the sum at the end
  expect(head + y + damaged, {"cannot be unpacked"});
  expect(head + y + mat.Matrix("X", 9, {32, 32, 3, 3}, 2, Columns(1) + Columns(2)),
         {"3 images", "2 labels"});
  expect(head + mat.Matrix("y", 9, {3, 1}, 2, "\1\2\3") +
             mat.Matrix("X", 9, {32, 32, 3, 3}, 2, Columns(1) + Columns(2)),
         {"6144 values", "9216"});
  expect(head + y + mat.Matrix("X", 9, {16, 64, 3, 2}, 2, Columns(1) + Columns(2)),
         {"16x64x3x2", "32x32x3xN"});
  expect(head + y + mat.Matrix("X", 7, {32, 32, 3, 2}, 7, string(2 * 3072 * 4, '\0')),
         {"unsigned bytes"});
  expect(head + x + mat.Matrix("y", 9, {2, 1}, 2, string("\1\0", 2)),
         {"image 1 has the label 0", "1 to 10"});
  expect(head + x + mat.Matrix("y", 9, {2, 1}, 2, "\1\13"), {"label 11"});
  WriteFiles(head + x + y);
  ExpectFailure(Command(In(), ""), {"has 2 images", "73257", "--any_count"}, dir_ / "", {"in"});
  ExpectFailure(Command(In(), "--any_count --extra"), {"no extra_32x32.mat"}, dir_ / "", {"in"});
  ExpectFailure(Command(dir_ / "none"), {"no directory", "none"}, dir_ / "", {"in"});
  ExpectFailure(string(CONVERT_SVHN) + " in", {"IN_DIR and OUT_DIR"}, dir_ / "", {"in"});
}

TEST_F(ConvertSvhnTest, GoesOnWhereItWasKilled) {
  constexpr int kCount = 20000;
  const MatBuilder mat(false);
  string pixels, labels;
  for (int n = 0; n < kCount; ++n) {
    pixels += Columns(n);
    labels += static_cast<char>(n % 10 == 0 ? 10 : n % 10);
  }
  WriteFiles(mat.Header() + mat.Compressed(mat.Matrix("X", 9, {32, 32, 3, kCount}, 2, pixels)) +
             mat.Matrix("y", 9, {kCount, 1}, 2, labels));
  const string partial = out_ + ".partial";
  const string kill =
      Command(In()) + " & pid=$!; until [ -n \"$(find " + partial +
      "/output -name data.mdb -size +8000k 2>/dev/null)\" ]; do sleep 0.01; kill -0 $pid || exit "
      "9; done; kill -9 $pid; wait $pid";
  const Outcome killed = RunCommand(kill);
  ASSERT_EQ(killed.code, 128 + 9) << killed.output;
  EXPECT_FALSE(fs::exists(out_));
  const size_t kept = ReadAll(partial + "/output/train_lmdb").size();
  EXPECT_GE(kept, 1000u);
  EXPECT_LT(kept, static_cast<size_t>(kCount));

  ExpectFailure(Command(In(), "--any_count --extra"), {"no extra_32x32.mat"}, dir_ / "",
                {"in", "out.partial"});
  const Outcome outcome = RunCommand(Command(In()));
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_FALSE(fs::exists(partial));
  const auto train = ReadAll(out_ + "/train_lmdb");
  ASSERT_EQ(train.size(), static_cast<size_t>(kCount));
  ExpectImages(train, 0, 0, 50);
  ExpectImages(train, static_cast<int>(kept) - 20, static_cast<int>(kept) - 20, 40);
  ExpectImages(train, kCount - 50, kCount - 50, 50);
  const string mean = ReadBytes(out_ + "/mean.binaryproto");
  const string manifest = ReadBytes(out_ + "/train_lmdb_manifest.json");
  ASSERT_EQ(RunCommand(Command(In(), "--any_count --force")).code, 0);
  EXPECT_EQ(ReadBytes(out_ + "/mean.binaryproto"), mean);
  EXPECT_EQ(ReadBytes(out_ + "/train_lmdb_manifest.json"), manifest);
}

TEST_F(ConvertSvhnTest, ReadsAFileAboveOneGigabyteInLittleMemory) {
  if (std::getenv("CAFFE_TEST_FULL") == nullptr) {
    GTEST_SKIP() << "2 GB on the disk; set CAFFE_TEST_FULL=1";
  }
  constexpr int kCount = 400000;
  const MatBuilder mat(false);
  const string one = mat.Matrix("X", 9, {32, 32, 3, kCount}, 2, string(8, '\0'));
  const auto size = static_cast<uint32_t>(kCount) * 3072u;
  // The head with the sizes of an array that has all its data, and a hole for the data.
  string head = mat.Header() + mat.Bytes<uint32_t>(14) +
                mat.Bytes<uint32_t>(static_cast<uint32_t>(one.size()) - 16 + size) +
                one.substr(8, one.size() - 16 - 8) + mat.Bytes<uint32_t>(2) +
                mat.Bytes<uint32_t>(size);
  WriteFiles(head);
  const fs::path path = dir_ / "in/train_32x32.mat";
  fs::resize_file(path, head.size() + size);
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << mat.Matrix("y", 9, {kCount, 1}, 2, string(kCount, '\3'));
  file.close();
  const Outcome outcome = RunCommand(Command(In()));
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("train_lmdb: 400000 images"), string::npos) << outcome.output;
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  EXPECT_LT(usage.ru_maxrss, 200 * 1024) << "kilobytes";
}

}  // namespace
}  // namespace caffe
