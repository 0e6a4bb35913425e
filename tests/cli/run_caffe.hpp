#ifndef CAFFE_TESTS_CLI_RUN_CAFFE_HPP_
#define CAFFE_TESTS_CLI_RUN_CAFFE_HPP_

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {

/// What became of one run of the `caffe` program.
struct RunResult {
  /// -1 if a signal ended it.
  int exit_code;
  std::string out;
  std::string err;

  /// Lines of the log without their prefixes.
  std::vector<std::string> LogMessages() const {
    static const std::regex prefix(
        "^[IWEF]\\d{4} \\d{2}:\\d{2}:\\d{2}\\.\\d{6} +\\d+ [^: ]+:\\d+\\] ");
    std::vector<std::string> messages;
    std::istringstream lines(err);
    for (std::string line; std::getline(lines, line);) {
      std::smatch match;
      if (std::regex_search(line, match, prefix)) messages.push_back(match.suffix());
    }
    return messages;
  }
  /// How many messages fit the whole pattern.
  int Count(const std::string& pattern) const {
    const std::regex wanted(pattern);
    int count = 0;
    for (const std::string& message : LogMessages()) count += std::regex_match(message, wanted);
    return count;
  }
};

/// Runs programs within a directory of its own, which is also where they find temporary files.
class CaffeRunner : public ::testing::Test {
 protected:
  RunResult Run(const std::string& arguments) {
    std::filesystem::create_directories(dir_ / "tmp");
    const std::string command = "cd " + dir_.path() + " && exec env TMPDIR=" + (dir_ / "tmp") +
                                " OMP_NUM_THREADS=1 " CAFFE_PROGRAM " " + arguments +
                                " >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, dir_.Read("out.txt"),
            dir_.Read("err.txt")};
  }

  /// Runs it, expects exit code 1 and gives the text behind "Error: " on standard error.
  std::string RunError(const std::string& arguments) {
    const RunResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 1) << result.err;
    const size_t start = result.err.find("Error: ");
    EXPECT_NE(start, std::string::npos) << result.err;
    if (start == std::string::npos) return result.err;
    const std::string message = result.err.substr(start + 7);
    EXPECT_EQ(message.find("Error: "), std::string::npos) << "told once";
    EXPECT_EQ(result.err.find("***"), std::string::npos) << "no stack trace";
    return message;
  }

  /// A net of 8 learnable numbers on random data: net.prototxt.
  void WriteNet() {
    dir_.Write("net.prototxt",
               "name: 'tiny'\n"
               "layer {\n"
               "  name: 'data' type: 'DummyData' top: 'data' top: 'label'\n"
               "  dummy_data_param {\n"
               "    shape { dim: 4 dim: 3 } shape { dim: 4 }\n"
               "    data_filler { type: 'gaussian' std: 1 }\n"
               "    data_filler { type: 'constant' value: 1 }\n"
               "  }\n"
               "}\n"
               "layer {\n"
               "  name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'\n"
               "  inner_product_param { num_output: 2 weight_filler { type: 'xavier' } }\n"
               "}\n"
               "layer {\n"
               "  name: 'accuracy' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'accuracy'\n"
               "  include { phase: TEST }\n"
               "}\n"
               "layer {\n"
               "  name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss'\n"
               "}\n");
  }

  /// Trains it for 6 iterations, with tests and snapshots: solver.prototxt.
  void WriteSolver(const std::string& more = "") {
    WriteNet();
    dir_.Write("solver.prototxt",
               "net: 'net.prototxt'\ntest_iter: 2\ntest_interval: 5\nbase_lr: 0.1\n"
               "lr_policy: 'fixed'\nmomentum: 0.9\ndisplay: 2\nmax_iter: 6\nsnapshot: 3\n"
               "snapshot_prefix: 'snap'\nrandom_seed: 1\nsolver_mode: CPU\n" +
                   more);
  }

  TempDir dir_;
};

}  // namespace caffe

#endif  // CAFFE_TESTS_CLI_RUN_CAFFE_HPP_
