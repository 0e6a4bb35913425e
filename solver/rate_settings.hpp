#ifndef CAFFE_SOLVER_RATE_SETTINGS_HPP_
#define CAFFE_SOLVER_RATE_SETTINGS_HPP_

#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// The fields of a solver that its learning rate follows from.
SolverParameter RateSettings(const SolverParameter& solver);

/// What to warn of when a run resumes with another schedule of its learning rate than it had, or
/// with a count of decays that the solver file would not have come to: the differences, the rate
/// that training goes on with, and the one that the solver file would give by itself. "" if nothing
/// has changed.
/// @param state  of the iteration to go on from; without rate_settings if an older version wrote it
std::string RateChangeText(const SolverParameter& solver, const SolverState& state);

}  // namespace caffe

#endif  // CAFFE_SOLVER_RATE_SETTINGS_HPP_
