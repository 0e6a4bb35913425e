#ifndef CAFFE_CLI_TENSORBOARD_LOG_HPP_
#define CAFFE_CLI_TENSORBOARD_LOG_HPP_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "caffe/cli/append_file.hpp"
#include "caffe/cli/metrics_layout.hpp"
#include "solver/metrics.hpp"

namespace caffe::tensorboard {
class Event;
}

namespace caffe::cli {

/// Writes the metrics of a run as scalars that TensorBoard shows, into an event file of its own.
/// Tags: train/loss, train/learning_rate, train/epoch; dropback/layer_rate,
/// dropback/channel_rate, dropback/masked_share; test/X for each output X of the test net, or
/// test0/X, test1/X of several.
///
/// The file begins with the mark by which TensorBoard forgets the steps from the run's first
/// iteration on that other files of the directory hold: a resumed run continues its curves.
class TensorBoardLog : public MetricsSink {
 public:
  /// Makes the directory if it is not there. Throws Error.
  TensorBoardLog(const std::string& directory, const MetricsLayout& layout, int first_iteration);

  void Write(const TrainingMetrics& metrics) override;

 private:
  void Append(int step, tensorboard::Event* event);

  std::unique_ptr<AppendFile> file_;
  MetricsLayout layout_;
};

/// CRC-32C (Castagnoli), as in iSCSI.
uint32_t Crc32c(std::string_view data);

/// The data as a record of an event file: length, masked checksum of the length, data, masked
/// checksum of the data. Source: TensorFlow, "TFRecords format details".
std::string EventRecord(std::string_view data);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_TENSORBOARD_LOG_HPP_
