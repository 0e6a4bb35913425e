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
  EXPECT_EQ(run.Count("    ip"), 1);
  EXPECT_EQ(run.Count("(Fresh|Not used|Not loaded).*"), 0);
}

TEST_F(FineTuningTest, LogNamesFreshAndUnusedLayers) {
  WriteNetWith("classifier", 3);
  const RunResult run = Run(kTrain);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count("Ignoring source layer ip"), 2) << "Caffe's line, for each net";
  EXPECT_EQ(run.Count("Not used of first\\.caffemodel, as the net has no such layers "
                      "\\(1 layer\\):"),
            1);
  EXPECT_EQ(run.Count("Fresh, with their initial values \\(1 layer\\):"), 1);
  EXPECT_EQ(run.Count("    classifier"), 1);
  EXPECT_EQ(run.Count("No layer of the net has the name of one in first\\.caffemodel.*"), 1);
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
  EXPECT_EQ(run.Count("Fresh, with their initial values \\(1 layer\\):"), 1);
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
  WriteNetWith("classifier", 2, "param { lr_mult: 0 } param { lr_mult: 0 }");
  EXPECT_EQ(Run(kTrain).Count("Layer classifier is frozen \\(lr_mult 0\\), but no file has "
                              "weights for it\\."),
            1);
  WriteNetWith("ip", 2, "param { lr_mult: 0 } param { lr_mult: 0 }");
  EXPECT_EQ(Run(kTrain).Count("Layer .* is frozen.*"), 0);
}

}  // namespace
}  // namespace caffe
