#ifndef CAFFE_CLI_NET_STATE_HPP_
#define CAFFE_CLI_NET_STATE_HPP_

#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe::cli {

/// The phase in --phase; TRAIN if it is empty. Throws Error for other text.
Phase PhaseFromFlag();

/// The stages in --stage; one empty stage if it is empty, as Caffe has it.
std::vector<std::string> StagesFromFlag();

/// The net that a solver trains, read from its file where it names one, with the solver's
/// train_state merged into its own. Throws Error unless there is exactly one.
NetParameter TrainNetOf(const SolverParameter& solver);

/// Puts --level and --stage into the train_state of the solver.
void SetTrainState(SolverParameter* solver);

/// Logs a warning for each stage in --stage that no rule of the net asks for.
void WarnOfUnknownStages(const NetParameter& net);

/// Puts the phase, --level and --stage into the state of the net, and warns of unknown stages.
void SetNetState(Phase phase, NetParameter* net);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_NET_STATE_HPP_
