#include "caffe/cli/metrics_layout.hpp"

#include "solver/sgd_solvers.hpp"

namespace caffe::cli {

namespace {

bool HasDrops(const Solver<float>& solver) {
  const auto* sgd = dynamic_cast<const SGDSolver<float>*>(&solver);
  return sgd != nullptr && sgd->channel_dropback() != nullptr;
}

/// Not rounded, unlike IterationsPerEpoch.
double ExactIterationsPerEpoch(const Net<float>& net, int iter_size) {
  for (size_t i = 0; i < net.layers().size(); ++i) {
    const uint64_t samples = net.layers()[i]->num_samples();
    if (samples == 0 || net.top_vecs()[i].empty()) continue;
    const double batch = net.top_vecs()[i][0]->shape(0);
    return static_cast<double>(samples) / (batch * iter_size * Caffe::solver_count());
  }
  return 0;
}

}  // namespace

std::string MetricsLayout::TestName(int net) const {
  return test_outputs.size() == 1 ? "test" : "test" + std::to_string(net);
}

MetricsLayout LayoutOf(Solver<float>* solver) {
  MetricsLayout layout;
  layout.has_drops = HasDrops(*solver);
  layout.iterations_per_epoch =
      ExactIterationsPerEpoch(*solver->net(), solver->param().iter_size());
  for (const auto& net : solver->test_nets()) {
    std::vector<std::string>& names = layout.test_outputs.emplace_back();
    for (const int blob : net->output_blob_indices()) names.push_back(net->blob_names()[blob]);
  }
  return layout;
}

}  // namespace caffe::cli
