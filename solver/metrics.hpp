#ifndef CAFFE_SOLVER_METRICS_HPP_
#define CAFFE_SOLVER_METRICS_HPP_

#include <optional>
#include <string>
#include <vector>

namespace caffe {

/// What became known of a training run in one iteration; what did not is left out.
struct TrainingMetrics {
  struct Drops {
    double layer_rate;
    double channel_rate;
    /// Of the channels of all eligible layers, since the last display; in [0, 1].
    double masked_share;
  };
  /// An output of a test net: its mean over all batches and elements.
  struct Output {
    std::string name;
    double value;
  };
  struct Test {
    int net;
    std::vector<Output> outputs;
  };

  /// Updates done before what is reported here.
  int iteration = 0;
  /// At a display: the smoothed loss, the rate of the update that follows, what is dropped.
  std::optional<double> loss;
  std::optional<double> learning_rate;
  std::optional<Drops> drops;
  /// Of the test passes of this iteration that were not interrupted.
  std::vector<Test> tests;

  bool empty() const { return !loss && !learning_rate && !drops && tests.empty(); }
};

/// Told by the root solver what each iteration brought that displays or tests, before a snapshot
/// of that iteration is written.
class MetricsSink {
 public:
  virtual ~MetricsSink() = default;
  /// May throw Error, which ends the training.
  virtual void Write(const TrainingMetrics& metrics) = 0;
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_METRICS_HPP_
