// The files of `caffe train --log_csv` and `--log_tensorboard`; log_files_test.py runs the command.

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <limits>

#include "caffe/cli/csv_log.hpp"
#include "caffe/cli/tensorboard_log.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe::cli {
namespace {

using ::testing::HasSubstr;

MetricsLayout TwoNets() {
  MetricsLayout layout;
  layout.has_drops = true;
  layout.iterations_per_epoch = 8;
  layout.test_outputs = {{"accuracy", "loss"}, {"a,\"b\""}};
  return layout;
}

MetricsLayout OneNet() {
  MetricsLayout layout;
  layout.test_outputs = {{"loss"}};
  return layout;
}

TrainingMetrics LossAt(int iteration, double loss) {
  TrainingMetrics metrics;
  metrics.iteration = iteration;
  metrics.loss = loss;
  return metrics;
}

class CsvLogTest : public ::testing::Test {
 protected:
  /// A run over the iterations [begin, end), whose losses are 100 more than them.
  void WriteRun(int begin, int end) {
    CsvLog log(file_, OneNet(), begin);
    for (int k = begin; k < end; ++k) log.Write(LossAt(k, 100 + k));
  }

  TempDir dir_;
  std::string file_ = dir_ / "run.csv";
};

TEST_F(CsvLogTest, ColumnsAreKnownFromTheStart) {
  EXPECT_EQ(CsvLog::Header(OneNet()), "iteration,loss,learning_rate,test_loss");
  EXPECT_EQ(CsvLog::Header(TwoNets()),
            "iteration,epoch,loss,learning_rate,layer_drop_rate,channel_drop_rate,masked_share,"
            "test0_accuracy,test0_loss,\"test1_a,\"\"b\"\"\"");
}

TEST_F(CsvLogTest, WhatIsNotKnownIsEmpty) {
  {
    CsvLog log(file_, TwoNets(), 0);
    EXPECT_EQ(dir_.Read("run.csv"), CsvLog::Header(TwoNets()) + "\n") << "before the first row";
    TrainingMetrics metrics = LossAt(0, 2.5);
    metrics.learning_rate = 0.1f;
    metrics.drops = {0.3f, 0.5, 1. / 3};
    log.Write(metrics);
    metrics = {};
    metrics.iteration = 2;
    metrics.tests = {{1, {{"x", 1e-7}}}};
    log.Write(metrics);
    metrics.iteration = 4;
    metrics.tests = {{0, {{"accuracy", 0.75}, {"loss", std::numeric_limits<double>::infinity()}}}};
    metrics.loss = -std::numeric_limits<double>::quiet_NaN();
    log.Write(metrics);
  }
  EXPECT_EQ(dir_.Read("run.csv"), CsvLog::Header(TwoNets()) +
                                      "\n0,0,2.5,0.1,0.3,0.5,0.33333334,,,\n"
                                      "2,0.25,,,,,,,,1e-07\n"
                                      "4,0.5,nan,,,,,0.75,inf,\n");
}

TEST_F(CsvLogTest, AResumedRunReplacesWhatItRepeats) {
  WriteRun(0, 5);
  WriteRun(3, 6);
  const std::string rows =
      "iteration,loss,learning_rate,test_loss\n"
      "0,100,,\n1,101,,\n2,102,,\n3,103,,\n4,104,,\n5,105,,\n";
  EXPECT_EQ(dir_.Read("run.csv"), rows);
  WriteRun(6, 6);
  EXPECT_EQ(dir_.Read("run.csv"), rows) << "nothing to replace";
  WriteRun(0, 1);
  EXPECT_EQ(dir_.Read("run.csv"), rows.substr(0, rows.find("1,101")));
}

TEST_F(CsvLogTest, HalfWrittenRowsAndHeadersAreMended) {
  WriteRun(0, 3);
  const std::string whole = dir_.Read("run.csv");
  for (const std::string half : {"3", "3,1", "3,103,,"}) {
    dir_.Write("run.csv", whole + half);
    WriteRun(3, 4);
    EXPECT_EQ(dir_.Read("run.csv"), whole + "3,103,,\n") << half;
  }
  dir_.Write("run.csv", "iterat");
  WriteRun(0, 3);
  EXPECT_EQ(dir_.Read("run.csv"), whole);
}

TEST_F(CsvLogTest, ForeignFilesAreLeftAlone) {
  dir_.Write("run.csv", "net: 'net.prototxt'\n");
  EXPECT_THAT(ErrorOf([&] { WriteRun(0, 1); }), HasSubstr("was not written by --log_csv"));
  EXPECT_EQ(dir_.Read("run.csv"), "net: 'net.prototxt'\n");
  dir_.Write("run.csv", "iteration,loss\n0,1\n");
  EXPECT_THAT(ErrorOf([&] { WriteRun(1, 2); }), HasSubstr("other columns"));
  EXPECT_EQ(dir_.Read("run.csv"), "iteration,loss\n0,1\n");
  dir_.Write("run.csv", CsvLog::Header(OneNet()) + "\nzero,1,,\n");
  EXPECT_THAT(ErrorOf([&] { WriteRun(1, 2); }), HasSubstr("no row: 'zero,1,,'"));
}

TEST_F(CsvLogTest, OneRunAtATime) {
  const CsvLog log(file_, OneNet(), 0);
  EXPECT_THAT(ErrorOf([&] { WriteRun(0, 1); }), HasSubstr("is being written by another run"));
}

TEST_F(CsvLogTest, ARowThatDoesNotFitTheDiskLeavesNothing) {
  CsvLog log(file_, OneNet(), 0);
  log.Write(LossAt(0, 1));
  const std::string before = dir_.Read("run.csv");
  rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tight = {before.size() + 3, old.rlim_max};
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &tight);
  const std::string error = ErrorOf([&] { log.Write(LossAt(1, 1.2345)); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_action);
  EXPECT_THAT(error, HasSubstr("cannot write '" + file_ + "'"));
  EXPECT_EQ(dir_.Read("run.csv"), before);
}

// Check value of the CRC catalogue, and RFC 3720, B.4.
TEST(TensorBoardLogTest, Crc32c) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(TensorBoardLogTest, RecordsAreFramed) {
  const std::string record = EventRecord("abc");
  ASSERT_EQ(record.size(), 8u + 4 + 3 + 4);
  EXPECT_EQ(record.substr(0, 8), std::string("\3\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 3), "abc");
}

TEST(TensorBoardLogTest, DirectoriesAreMadeAndFilesNeverShared) {
  TempDir dir;
  const TensorBoardLog first(dir / "runs/a", OneNet(), 0);
  const TensorBoardLog second(dir / "runs/a", OneNet(), 0);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "runs/a")) {
    EXPECT_EQ(entry.path().filename().string().find("events.out.tfevents."), 0u);
    ++files;
  }
  EXPECT_EQ(files, 2);
}

}  // namespace
}  // namespace caffe::cli
