#ifndef CAFFE_CLI_CSV_LOG_HPP_
#define CAFFE_CLI_CSV_LOG_HPP_

#include <string>
#include <string_view>

#include "caffe/cli/append_file.hpp"
#include "caffe/cli/metrics_layout.hpp"
#include "solver/metrics.hpp"

namespace caffe::cli {

/// Writes the metrics of a run as comma-separated values, a row for each iteration that displays
/// or tests, with empty cells for what the iteration did not bring. The columns are
///
///   iteration
///   epoch          passes over the training data; only if the size of the data set is known
///   loss, learning_rate
///   layer_drop_rate, channel_drop_rate, masked_share     only with ChannelDropBack
///   test_X         for each output X of the test net; test0_X, test1_X of several
///
/// Numbers have as many digits as single precision needs. A row is written at once and whole.
class CsvLog : public MetricsSink {
 public:
  /// @param first_iteration  where the run begins: a file that is there keeps the rows before
  ///                         it, all others are cut off
  /// Throws Error if the file cannot be written, is no such log, or has other columns.
  CsvLog(const std::string& path, const MetricsLayout& layout, int first_iteration);

  void Write(const TrainingMetrics& metrics) override;

  /// The first line of the file, without its end.
  static std::string Header(const MetricsLayout& layout);

 private:
  void KeepRowsBefore(int iteration, const std::string& content);

  AppendFile file_;
  MetricsLayout layout_;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_CSV_LOG_HPP_
