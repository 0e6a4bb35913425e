#ifndef CAFFE_CLI_METRICS_LAYOUT_HPP_
#define CAFFE_CLI_METRICS_LAYOUT_HPP_

#include <string>
#include <vector>

#include "solver/solver.hpp"

namespace caffe::cli {

/// Which metrics a run will report, known before its first iteration.
struct MetricsLayout {
  /// Whether ChannelDropBack is at work.
  bool has_drops = false;
  /// 0 if no data layer knows the size of its data set.
  double iterations_per_epoch = 0;
  /// Names of the outputs of each test net, in Caffe's order.
  std::vector<std::vector<std::string>> test_outputs;

  /// "test", or "test0", "test1", ... if there are several test nets.
  std::string TestName(int net) const;
};

MetricsLayout LayoutOf(Solver<float>* solver);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_METRICS_LAYOUT_HPP_
