// Runs convert_mnist and convert_cifar as a user does: on small files made here, on the small
// MNIST of the project, and on the real data where they are at hand.

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>

#include "caffe/blob.hpp"
#include "caffe/util/format.hpp"
#include "caffe/util/io.hpp"
#include "tests/caffe/data_test_util.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

void WriteGzipped(const fs::path& path, const string& content) {
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
}

string BigEndian(uint32_t value) {
  string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

string Pixels(int count, int first) {
  string pixels;
  for (int i = 0; i < count; ++i) pixels += static_cast<char>((first + 3 * i) % 256);
  return pixels;
}

string IdxImages(int count, int first) {
  return BigEndian(2051) + BigEndian(count) + BigEndian(2) + BigEndian(3) +
         Pixels(count * 6, first);
}

string IdxLabels(int count) {
  string labels = BigEndian(2049) + BigEndian(count);
  for (int i = 0; i < count; ++i) labels += static_cast<char>(i % 10);
  return labels;
}

/// `count` CIFAR records with `label_bytes` labels: the image's number mod 10, plus 1 for each
/// label byte before it.
string CifarRecords(int count, int label_bytes, int first = 0) {
  string records;
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < label_bytes; ++k) records += static_cast<char>((first + i) % 10 + k);
    records += Pixels(3072, first + i);
  }
  return records;
}

class ConvertMnistTest : public ::testing::Test {
 protected:
  ConvertMnistTest() {
    Write(in_ / "train-images-idx3-ubyte", IdxImages(12, 0));
    Write(in_ / "train-labels-idx1-ubyte", IdxLabels(12));
    WriteGzipped(in_ / "t10k-images.idx3-ubyte.gz", IdxImages(4, 100));
    WriteGzipped(in_ / "t10k-labels.idx1-ubyte.gz", IdxLabels(4));
  }
  string Command() const { return string(CONVERT_MNIST) + " " + in_.string() + " " + out_; }

  TemporaryDirectory dir_;
  fs::path in_ = dir_ / "in";
  string out_ = dir_ / "out";
};

TEST_F(ConvertMnistTest, WritesRecordsAndMean) {
  const Outcome outcome = RunCommand(Command());
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const auto train = ReadAll(out_ + "/train_lmdb");
  ASSERT_EQ(train.size(), 12u);
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(train[i].first, format_int(i, 8));
    EXPECT_EQ(train[i].second.label(), i % 10);
    EXPECT_EQ(train[i].second.channels(), 1);
    EXPECT_EQ(train[i].second.height(), 2);
    EXPECT_EQ(train[i].second.width(), 3);
    EXPECT_EQ(train[i].second.data(), Pixels(6, 18 * i));
  }
  const auto test = ReadAll(out_ + "/test_lmdb");
  ASSERT_EQ(test.size(), 4u);
  EXPECT_EQ(test[3].second.data(), Pixels(6, 100 + 54));

  BlobProto mean;
  ReadProtoFromBinaryFileOrDie(out_ + "/mean.binaryproto", &mean);
  EXPECT_FALSE(mean.has_shape());
  EXPECT_EQ(mean.num(), 1);
  EXPECT_EQ(mean.channels(), 1);
  EXPECT_EQ(mean.height(), 2);
  EXPECT_EQ(mean.width(), 3);
  ASSERT_EQ(mean.data_size(), 6);
  for (int k = 0; k < 6; ++k) {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += (18 * i + 3 * k) % 256;
    EXPECT_FLOAT_EQ(mean.data(k), sum / 12);
  }
}

TEST_F(ConvertMnistTest, ReplacesOutputOnlyIfForced) {
  ASSERT_EQ(RunCommand(Command()).code, 0);
  Write(out_ + "/notes", "mine");
  ExpectFailure(Command(), {"exists already", "--force"}, dir_ / "", {"in", "out"});
  Write(in_ / "train-images-idx3-ubyte", IdxImages(5, 0));
  Write(in_ / "train-labels-idx1-ubyte", IdxLabels(5));
  const Outcome outcome = RunCommand(Command() + " --force");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(ReadAll(out_ + "/train_lmdb").size(), 5u);
  EXPECT_TRUE(fs::exists(out_ + "/notes"));
  EXPECT_EQ(std::distance(fs::directory_iterator(out_), fs::directory_iterator()), 8);
}

TEST_F(ConvertMnistTest, SaysWhatIsWrongAndLeavesNothingBehind) {
  const fs::path work = dir_ / "";
  const vector<string> left{"in"};
  const fs::path images = in_ / "train-images-idx3-ubyte";
  const string good = IdxImages(12, 0);
  Write(images, good.substr(0, good.size() - 1));
  ExpectFailure(Command(), {"train-images-idx3-ubyte has 87 bytes", "88", "cut off"}, work, left);
  Write(images, good.substr(0, 9));
  ExpectFailure(Command(), {"cut off"}, work, left);
  Write(images, IdxLabels(12) + string(80, ' '));
  ExpectFailure(Command(), {"magic number 2049", "wanted 2051"}, work, left);
  Write(images, IdxImages(11, 0));
  ExpectFailure(Command(), {"11 images", "12 labels"}, work, left);
  Write(images, good);
  fs::resize_file(in_ / "t10k-images.idx3-ubyte.gz", 20);
  ExpectFailure(Command(), {"t10k-images.idx3-ubyte.gz", "damaged or cut off"}, work, left);
  fs::remove(in_ / "t10k-images.idx3-ubyte.gz");
  ExpectFailure(Command(), {"no t10k-images-idx3-ubyte", "get_data.sh"}, work, left);
  ExpectFailure(string(CONVERT_MNIST) + " " + (dir_ / "none") + " " + out_ + "/deep/er",
                {"no directory", "none"}, work, left);
  ExpectFailure(string(CONVERT_MNIST) + " " + in_.string(), {"IN_DIR and OUT_DIR", "1 argument"},
                work, left);
}

TEST_F(ConvertMnistTest, PrintsHelp) {
  for (const char* tool : {CONVERT_MNIST, CONVERT_CIFAR}) {
    const Outcome outcome = RunCommand(string(tool) + " --help");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.output.find("IN_DIR OUT_DIR"), string::npos);
  }
}

class ConvertCifarTest : public ::testing::Test {
 protected:
  string Command(const string& data_set, const string& flags) const {
    return string(CONVERT_CIFAR) + " " + data_set + " " + in_.string() + " " + out_ + " " + flags;
  }
  TemporaryDirectory dir_;
  fs::path in_ = dir_ / "in";
  string out_ = dir_ / "out";
};

TEST_F(ConvertCifarTest, WritesCifar10) {
  Write(in_ / "cifar-10-batches-bin/data_batch_2.bin", CifarRecords(3, 1));
  Write(in_ / "cifar-10-batches-bin/data_batch_5.bin", CifarRecords(2, 1, 3));
  Write(in_ / "cifar-10-batches-bin/test_batch.bin", CifarRecords(4, 1, 50));
  const Outcome outcome = RunCommand(Command("cifar10", "--any_count --batches 2,5"));
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const auto train = ReadAll(out_ + "/train_lmdb");
  ASSERT_EQ(train.size(), 5u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(train[i].first, format_int(i, 5));
    EXPECT_EQ(train[i].second.label(), i);
    EXPECT_EQ(train[i].second.channels(), 3);
    EXPECT_EQ(train[i].second.height(), 32);
    EXPECT_EQ(train[i].second.data(), Pixels(3072, i));
  }
  EXPECT_EQ(ReadAll(out_ + "/test_lmdb").size(), 4u);
  BlobProto mean;
  ReadProtoFromBinaryFileOrDie(out_ + "/mean.binaryproto", &mean);
  ASSERT_EQ(mean.data_size(), 3072);
  EXPECT_EQ(mean.channels(), 3);
  EXPECT_FLOAT_EQ(mean.data(0), 2);
  EXPECT_FLOAT_EQ(mean.data(1), 5);
}

TEST_F(ConvertCifarTest, StoresTheWantedLabelOfCifar100) {
  Write(in_ / "train.bin", CifarRecords(3, 2));
  Write(in_ / "test.bin", CifarRecords(3, 2));
  ASSERT_EQ(RunCommand(Command("cifar100", "--any_count")).code, 0);
  EXPECT_EQ(ReadAll(out_ + "/train_lmdb")[2].second.label(), 3);
  ASSERT_EQ(RunCommand(Command("cifar100", "--any_count --label coarse --force")).code, 0);
  const auto train = ReadAll(out_ + "/train_lmdb");
  EXPECT_EQ(train[2].second.label(), 2);
  EXPECT_EQ(train[2].second.data(), Pixels(3072, 2));
}

TEST_F(ConvertCifarTest, SaysWhatIsWrongAndLeavesNothingBehind) {
  const fs::path work = dir_ / "";
  const vector<string> left{"in"};
  Write(in_ / "data_batch_1.bin", CifarRecords(3, 1));
  Write(in_ / "test_batch.bin", CifarRecords(3, 1));
  ExpectFailure(Command("cifar10", "--any_count"), {"no data_batch_2.bin", "--batches"}, work,
                left);
  ExpectFailure(Command("cifar10", "--batches 1"), {"has 3 images", "10000", "--any_count"}, work,
                left);
  ExpectFailure(Command("cifar10", "--batches 1,9"), {"'9'"}, work, left);
  ExpectFailure(Command("cifar10", "--label both"), {"'both'"}, work, left);
  ExpectFailure(Command("mnist", ""), {"'mnist'"}, work, left);
  Write(in_ / "test_batch.bin", CifarRecords(3, 1) + "x");
  ExpectFailure(Command("cifar10", "--any_count --batches 1"), {"9220 bytes", "3073", "cut off"},
                work, left);
  Write(in_ / "test_batch.bin", "\x0b" + Pixels(3072, 0));
  ExpectFailure(Command("cifar10", "--any_count --batches 1"), {"label 11", "0 to 9"}, work, left);
}

TEST(ConvertRealDataTest, SmallMnist) {
  const TemporaryDirectory dir;
  const Outcome outcome = RunCommand(string(CONVERT_MNIST) +
                                     " " CAFFE_SOURCE_DIR "/datasets/mnist_small " + (dir / "out"));
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const auto train = ReadAll(dir / "out/train_lmdb");
  ASSERT_EQ(train.size(), 5000u);
  EXPECT_EQ(ReadAll(dir / "out/test_lmdb").size(), 1000u);
  vector<int> count(10);
  for (const auto& record : train) ++count.at(record.second.label());
  for (int digit = 0; digit < 10; ++digit) EXPECT_NEAR(count[digit], 500, 100) << digit;
}

TEST(ConvertRealDataTest, WholeMnist) {
  const fs::path data = SharedData() / "mnist";
  if (SharedData().empty() || !fs::exists(data)) {
    GTEST_SKIP() << "no MNIST: set CAFFE_SHARED_DATA to a directory with mnist/";
  }
  const TemporaryDirectory dir;
  const Outcome outcome =
      RunCommand(string(CONVERT_MNIST) + " " + data.string() + " " + (dir / "out"));
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(ReadAll(dir / "out/train_lmdb").size(), 60000u);
  BlobProto mean;
  ReadProtoFromBinaryFileOrDie(dir / "out/mean.binaryproto", &mean);
  double sum = 0;
  for (const float value : mean.data()) sum += value;
  // MNIST's published mean pixel is 0.1307 on a scale to 1.
  EXPECT_NEAR(sum / 784 / 255, 0.1307, 0.0001);
}

TEST(ConvertRealDataTest, Cifar10) {
  const fs::path data = SharedData();
  const TemporaryDirectory dir;
  if (data.empty() || !fs::exists(data / "unpack_cifar.py")) {
    GTEST_SKIP() << "no CIFAR: set CAFFE_SHARED_DATA to a directory with unpack_cifar.py";
  }
  const string script = (data / "unpack_cifar.py").string();
  const Outcome unpacked =
      RunCommand(CONVERT_TEST_PYTHON " " + script + " cifar10 " + (dir / "in"));
  if (unpacked.code != 0) GTEST_SKIP() << "could not unpack CIFAR-10: " << unpacked.output;
  const Outcome outcome = RunCommand(string(CONVERT_CIFAR) + " cifar10 " + (dir / "in") + " " +
                                     (dir / "out") + " --batches 1,2");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const auto test = ReadAll(dir / "out/test_lmdb");
  ASSERT_EQ(test.size(), 10000u);
  EXPECT_EQ(test[0].second.label(), 3);  // cat
  EXPECT_EQ(static_cast<unsigned char>(test[0].second.data()[0]), 158);
  EXPECT_EQ(ReadAll(dir / "out/train_lmdb").size(), 20000u);
}

}  // namespace
}  // namespace caffe
