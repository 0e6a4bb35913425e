// `caffe train --weights`: what is loaded, what is left fresh, what does not fit.

#include <gmock/gmock.h>

#include "tests/cli/run_caffe.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;

class FineTuningTest : public CaffeRunner {
 protected:
  void SetUp() override {
    WriteSolver();
    ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
    std::filesystem::rename(dir_ / "snap_iter_6.caffemodel", dir_ / "first.caffemodel");
  }

  /// The net with another last layer.
  void WriteNetWith(const std::string& name, int outputs, const std::string& more = "") {
    WriteNet();
    const std::string net = dir_.Read("net.prototxt");
    const std::string old =
        "name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'\n"
        "  inner_product_param { num_output: 2";
    const size_t at = net.find(old);
    ASSERT_NE(at, std::string::npos);
    dir_.Write("net.prototxt", net.substr(0, at) + "name: '" + name +
                                   "' type: 'InnerProduct' bottom: 'data' top: 'ip' " + more +
                                   " inner_product_param { num_output: " + std::to_string(outputs) +
                                   net.substr(at + old.size()));
  }
};

const char kTrain[] = "train --solver=solver.prototxt --weights=first.caffemodel";

TEST_F(FineTuningTest, LogNamesWhatIsLoaded) {
  const RunResult run = Run(kTrain);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Loaded from first\\.caffemodel \\(1 layer\\):"), 1) << "of the training net";
  EXPECT_THAT(run.err, HasSubstr("(1 layer):\n    ip\n"));
  EXPECT_EQ(run.Count("(No weights|Not used|Not loaded).*"), 0);
}

/// "ip" stays, "more" is added behind it.
void AddLayer(const std::string& file, const TempDir& dir) {
  dir.Write(file, dir.Read(file) +
                      "layer { name: 'more' type: 'InnerProduct' bottom: 'data' top: 'more'\n"
                      "  inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } }\n"
                      "layer { name: 'silence' type: 'Silence' bottom: 'more' }\n");
}

TEST_F(FineTuningTest, LogNamesLayersWithoutWeights) {
  AddLayer("net.prototxt", dir_);
  const RunResult run = Run(kTrain);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("No weights for some layers, which are initialised from scratch "
                      "\\(1 layer\\):"),
            1);
  EXPECT_THAT(run.err, HasSubstr("(1 layer):\n    more\n"));
}

TEST_F(FineTuningTest, LogNamesUnusedLayers) {
  AddLayer("net.prototxt", dir_);
  ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
  WriteNet();
  const RunResult run = Run("train --solver=solver.prototxt --weights=snap_iter_6.caffemodel");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Ignoring source layer more"), 2) << "Caffe's line, for each net";
  EXPECT_EQ(run.Count("Not used of snap_iter_6\\.caffemodel, as the net has no such layers "
                      "\\(1 layer\\):"),
            1);
  EXPECT_EQ(run.Count("No weights for.*"), 0);
}

TEST_F(FineTuningTest, WeightsOfWhichNothingMatchesAreAnError) {
  WriteNetWith("classifier", 3);
  for (const std::string command :
       {std::string(kTrain), kTrain + std::string(" --skip_mismatched_weights"),
        std::string("test --model=net.prototxt --weights=first.caffemodel --iterations=1")}) {
    const std::string error = RunError(command);
    EXPECT_THAT(error, HasSubstr("'first.caffemodel' has weights for none of the net's layers"));
    EXPECT_THAT(error, HasSubstr("'classifier'"));
    EXPECT_THAT(error, HasSubstr("'ip'"));
  }
}

TEST_F(FineTuningTest, TestWarnsOfLayersWithoutWeights) {
  const std::string test = "test --model=net.prototxt --weights=first.caffemodel --iterations=1";
  EXPECT_EQ(Run(test).Count(".*has no weights for some layers.*"), 0);
  AddLayer("net.prototxt", dir_);
  const RunResult run = Run(test);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("'first\\.caffemodel' has no weights for some layers, which keep their "
                      "initial values \\(1 layer\\):"),
            1);
}

TEST_F(FineTuningTest, ResumesRestoreAllWeights) {
  for (const std::string format : {"BINARYPROTO", "HDF5"}) {
    const std::string h5 = format == "HDF5" ? ".h5" : "";
    WriteSolver("snapshot_format: " + format + "\n");
    ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
    const std::string resume = "train --solver=solver.prototxt --snapshot=snap_iter_3.solverstate";
    WriteNetWith("renamed", 2);
    const std::string error = RunError(resume + h5);
    EXPECT_THAT(error, HasSubstr("has no weights for layers of the net (1 layer):\n    renamed"));
    EXPECT_THAT(error, HasSubstr("--weights"));
    WriteNet();
    EXPECT_EQ(Run(resume + h5).exit_code, 0);
    AddLayer("net.prototxt", dir_);
    RunError(resume + h5);
  }
}

TEST_F(FineTuningTest, OtherShapesAreAnErrorUnlessTheyAreSkipped) {
  WriteNetWith("ip", 3);
  const std::string error = RunError(kTrain);
  EXPECT_THAT(error, HasSubstr("first.caffemodel: layer 'ip', blob 0: weights of 2x3 do not fit "
                               "3x3"));
  EXPECT_THAT(error, HasSubstr("Rename the layer"));
  EXPECT_THAT(error, HasSubstr("--skip_mismatched_weights"));
  const RunResult run = Run(kTrain + std::string(" --skip_mismatched_weights"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Not loaded from first\\.caffemodel, as their shapes differ \\(1 layer\\):"),
            1);
  EXPECT_EQ(run.Count("No weights for some layers, which are initialised from scratch .*"), 1);
}

TEST_F(FineTuningTest, Hdf5FilesAreReportedAlike) {
  WriteSolver("snapshot_format: HDF5\n");
  ASSERT_EQ(Run("train --solver=solver.prototxt").exit_code, 0);
  const std::string train = "train --solver=solver.prototxt --weights=snap_iter_3.caffemodel.h5";
  EXPECT_EQ(Run(train).Count("Loaded from snap_iter_3\\.caffemodel\\.h5 \\(1 layer\\):"), 1);
  WriteNetWith("ip", 3);
  EXPECT_THAT(RunError(train), HasSubstr("has shape 2x3, wanted is 3x3"));
  const RunResult run = Run(train + " --skip_mismatched_weights");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Not loaded from snap_iter_3\\.caffemodel\\.h5, as their shapes differ .*"),
            1);
}

TEST_F(FineTuningTest, PublishedFilesHaveToBeImported) {
  for (const std::string file : {"net.pth", "net.safetensors", "net.npz"}) {
    dir_.Write(file, "numbers");
    EXPECT_THAT(RunError("train --solver=solver.prototxt --weights=" + file),
                HasSubstr("scripts/import_weights " + file + " --net NET"));
  }
}

TEST_F(FineTuningTest, FrozenLayersWithoutWeightsAreWarnedOf) {
  AddLayer("net.prototxt", dir_);
  const std::string more = "top: 'more'\n";
  std::string net = dir_.Read("net.prototxt");
  net.insert(net.find(more) + more.size(), " param { lr_mult: 0 } param { lr_mult: 0 }");
  dir_.Write("net.prototxt", net);
  EXPECT_EQ(Run(kTrain).Count("Layer more is frozen \\(lr_mult 0\\), but no file has "
                              "weights for it\\."),
            1);
  WriteNetWith("ip", 2, "param { lr_mult: 0 } param { lr_mult: 0 }");
  EXPECT_EQ(Run(kTrain).Count("Layer .* is frozen.*"), 0);
}

}  // namespace
}  // namespace caffe
