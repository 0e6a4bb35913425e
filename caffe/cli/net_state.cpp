#include "caffe/cli/net_state.hpp"

#include <glog/logging.h>

#include <algorithm>

#include "caffe/cli/arguments.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/error.hpp"
#include "caffe/util/nearest_name.hpp"

namespace caffe::cli {

Phase PhaseFromFlag() {
  Require(FLAGS_phase.empty() || FLAGS_phase == "TRAIN" || FLAGS_phase == "TEST",
          "--phase is TRAIN or TEST, not '", FLAGS_phase, "'");
  return FLAGS_phase == "TEST" ? TEST : TRAIN;
}

std::vector<std::string> StagesFromFlag() { return SplitList(FLAGS_stage); }

NetParameter TrainNetOf(const SolverParameter& solver) {
  const int count = solver.has_net() + solver.has_net_param() + solver.has_train_net() +
                    solver.has_train_net_param();
  Require(count > 0, "the solver names no net; give net or train_net");
  Require(count == 1,
          "a solver needs exactly one of net, net_param, train_net and train_net_param; ", count,
          " are set");
  NetParameter net;
  if (solver.has_net_param() || solver.has_train_net_param()) {
    net = solver.has_net_param() ? solver.net_param() : solver.train_net_param();
  } else {
    net = ReadNetFile(solver.has_net() ? solver.net() : solver.train_net());
  }
  net.mutable_state()->MergeFrom(solver.train_state());
  return net;
}

void SetTrainState(SolverParameter* solver) {
  solver->mutable_train_state()->set_level(FLAGS_level);
  for (const std::string& stage : StagesFromFlag()) {
    solver->mutable_train_state()->add_stage(stage);
  }
}

void WarnOfUnknownStages(const NetParameter& net) {
  std::vector<std::string> known;
  const auto collect = [&known](const auto& rules) {
    for (const NetStateRule& rule : rules) {
      known.insert(known.end(), rule.stage().begin(), rule.stage().end());
      known.insert(known.end(), rule.not_stage().begin(), rule.not_stage().end());
    }
  };
  for (const LayerParameter& layer : net.layer()) {
    collect(layer.include());
    collect(layer.exclude());
  }
  for (const std::string& stage : StagesFromFlag()) {
    const bool is_known = std::find(known.begin(), known.end(), stage) != known.end();
    LOG_IF(WARNING, !stage.empty() && !is_known) << "--stage: no layer of the net asks for stage '"
                                                 << stage << "'" << DidYouMean(stage, known);
  }
}

void SetNetState(Phase phase, NetParameter* net) {
  WarnOfUnknownStages(*net);
  net->mutable_state()->set_phase(phase);
  net->mutable_state()->set_level(FLAGS_level);
  for (const std::string& stage : StagesFromFlag()) net->mutable_state()->add_stage(stage);
}

}  // namespace caffe::cli
