#include "caffe/cli/metrics_layout.hpp"

#include "solver/sgd_solvers.hpp"

namespace caffe::cli {

namespace {

bool HasDrops(const Solver<float>& solver) {
  const auto* sgd = dynamic_cast<const SGDSolver<float>*>(&solver);
  return sgd != nullptr && sgd->channel_dropback() != nullptr;
}

}  // namespace

std::string MetricsLayout::TestName(int net) const {
  return test_outputs.size() == 1 ? "test" : "test" + std::to_string(net);
}

MetricsLayout LayoutOf(Solver<float>* solver) {
  MetricsLayout layout;
  layout.has_drops = HasDrops(*solver);
  for (const auto& net : solver->test_nets()) {
    std::vector<std::string>& names = layout.test_outputs.emplace_back();
    for (const int blob : net->output_blob_indices()) names.push_back(net->blob_names()[blob]);
  }
  return layout;
}

}  // namespace caffe::cli
