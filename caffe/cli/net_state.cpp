#include "caffe/cli/net_state.hpp"

#include "caffe/cli/arguments.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/error.hpp"

namespace caffe::cli {

Phase PhaseFromFlag() {
  Require(FLAGS_phase.empty() || FLAGS_phase == "TRAIN" || FLAGS_phase == "TEST",
          "--phase is TRAIN or TEST, not '", FLAGS_phase, "'");
  return FLAGS_phase == "TEST" ? TEST : TRAIN;
}

std::vector<std::string> StagesFromFlag() { return SplitList(FLAGS_stage); }

}  // namespace caffe::cli
