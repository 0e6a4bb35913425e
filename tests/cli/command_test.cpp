// `caffe` itself, and its commands test, time, device_query.

#include <gmock/gmock.h>

#include "tests/cli/run_caffe.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommandTest : public CaffeRunner {};

TEST_F(CommandTest, HelpAndVersionExitWith0) {
  for (const char* arguments : {"", "--help", "-help", "help"}) {
    const RunResult run = Run(arguments);
    EXPECT_EQ(run.exit_code, 0) << arguments;
    EXPECT_THAT(run.out, StartsWith("usage: caffe <command>")) << arguments;
    EXPECT_EQ(run.err, "") << arguments;
  }
  for (const char* arguments : {"train --help", "--help train", "help train"}) {
    const RunResult run = Run(arguments);
    EXPECT_EQ(run.exit_code, 0) << arguments;
    EXPECT_THAT(run.out, AllOf(StartsWith("usage: caffe train"), HasSubstr("--sigint_effect"),
                               HasSubstr("(default: stop)")))
        << arguments;
  }
  for (const std::string command : {"test", "time", "device_query", "summary", "plan"}) {
    EXPECT_EQ(Run(command + " --help").exit_code, 0) << command;
  }
  const RunResult version = Run("--version");
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out, "caffe version 1.1.0\n");
}

TEST_F(CommandTest, UnknownNamesAreRefusedWithTheNearest) {
  EXPECT_THAT(RunError("trian"), HasSubstr("unknown command 'trian' (did you mean 'train'?)"));
  EXPECT_THAT(RunError("xyz"),
              HasSubstr("known commands: device_query plan summary test time train"));
  EXPECT_THAT(RunError("train --solvr=x"),
              HasSubstr("unknown flag --solvr (did you mean --solver?)"));
  EXPECT_THAT(RunError("train x"), HasSubstr("unexpected argument 'x'"));
  EXPECT_THAT(RunError("test --iterations=many"), HasSubstr("flag --iterations cannot be 'many'"));
  EXPECT_THAT(RunError("test --iterations"), HasSubstr("--iterations wants a value"));
}

TEST_F(CommandTest, FlagsMayStandBeforeTheCommand) {
  WriteNet();
  const RunResult run = Run("-model net.prototxt --iterations 1 time");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Testing for 1 iterations\\."), 1);
}

TEST_F(CommandTest, TestPrintsBatchesAndMeans) {
  WriteSolver();
  ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
  const RunResult run =
      Run("test --model=net.prototxt --weights=snap_iter_6.caffemodel --iterations=3");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::string n = "[-+.0-9e]+";
  EXPECT_EQ(run.Count("Use CPU\\."), 1);
  EXPECT_EQ(run.Count("Running for 3 iterations\\."), 1);
  EXPECT_EQ(run.Count("Batch [012], accuracy = " + n), 3);
  EXPECT_EQ(run.Count("Batch [012], loss = " + n), 3);
  const std::vector<std::string> messages = run.LogMessages();
  ASSERT_GE(messages.size(), 3u);
  EXPECT_THAT(messages[messages.size() - 3], StartsWith("Loss: "));
  EXPECT_THAT(messages[messages.size() - 2], StartsWith("accuracy = "));
  EXPECT_TRUE(std::regex_match(messages.back(),
                               std::regex("loss = " + n + " \\(\\* 1 = " + n + " loss\\)")))
      << messages.back();
}

TEST_F(CommandTest, TimePrintsEveryLayer) {
  WriteNet();
  const RunResult run = Run("time --model=net.prototxt --iterations=2");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::string n = "[-+.0-9e]+";
  EXPECT_EQ(run.Count("Performing Forward"), 1);
  EXPECT_EQ(run.Count("Initial loss: " + n), 1);
  EXPECT_EQ(run.Count("Performing Backward"), 1);
  EXPECT_EQ(run.Count("\\*\\*\\* Benchmark begins \\*\\*\\*"), 1);
  EXPECT_EQ(run.Count("Iteration: [12] forward-backward time: " + n + " ms\\."), 2);
  EXPECT_EQ(run.Count("Average time per layer: "), 1);
  EXPECT_EQ(run.Count("        ip\tforward: " + n + " ms\\."), 1);
  EXPECT_EQ(run.Count("        ip\tbackward: " + n + " ms\\."), 1);
  EXPECT_EQ(run.Count("Average Forward pass: " + n + " ms\\."), 1);
  EXPECT_EQ(run.Count("Average Backward pass: " + n + " ms\\."), 1);
  EXPECT_EQ(run.Count("Average Forward-Backward: " + n + " ms\\."), 1);
  EXPECT_EQ(run.Count("Total Time: " + n + " ms\\."), 1);
  EXPECT_EQ(run.LogMessages().back(), "*** Benchmark ends ***");
}

TEST_F(CommandTest, TimeWritesNoFiles) {
  WriteNet();
  dir_.Write("net.prototxt", dir_.Read("net.prototxt") +
                                 "layer { name: 'out' type: 'HDF5Output' bottom: 'ip' bottom: "
                                 "'label' hdf5_output_param { file_name: 'out.h5' } }\n");
  const RunResult run = Run("time --model=net.prototxt --iterations=2");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("out \\(HDF5Output\\) is not run: it would write a file"), 1);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "out.h5"));
}

TEST_F(CommandTest, PhaseOfTimeChoosesTheLayers) {
  WriteNet();
  const std::string command = "time --model=net.prototxt --iterations=1";
  EXPECT_EQ(Run(command).Count("Creating Layer accuracy"), 0);
  EXPECT_EQ(Run(command + " --phase=TEST").Count("Creating Layer accuracy"), 1);
  EXPECT_THAT(RunError(command + " --phase=both"), HasSubstr("'both'"));
}

TEST_F(CommandTest, UnknownStagesAndFlagsWithoutEffectAreWarnedOf) {
  WriteNet();
  const RunResult run =
      Run("time --model=net.prototxt --iterations=1 --stage=deploy --solver=s --sigint_effect=x");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("--stage: no layer of the net asks for stage 'deploy'"), 1);
  EXPECT_EQ(run.Count("--solver has no effect on 'caffe time'"), 1);
}

TEST_F(CommandTest, MissingFilesAndFlags) {
  WriteNet();
  EXPECT_THAT(RunError("test"), HasSubstr("--model=FILE"));
  EXPECT_THAT(RunError("test --model=net.prototxt"), HasSubstr("--weights=FILE"));
  EXPECT_THAT(RunError("test --model=none --weights=w"),
              StartsWith("cannot read 'none': No such file"));
  EXPECT_THAT(RunError("test --model=net.prototxt --weights=none"),
              HasSubstr("cannot read 'none': No such file"));
  EXPECT_THAT(RunError("time"), HasSubstr("--model=FILE"));
  EXPECT_THAT(RunError("time --model=net.prototxt --iterations=0"), HasSubstr("at least 1"));
}

TEST_F(CommandTest, DeviceQueryWithoutIdsPrintsOneLine) {
  const RunResult run = Run("device_query");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.LogMessages(), std::vector<std::string>{"Querying GPUs "});
}

}  // namespace
}  // namespace caffe
