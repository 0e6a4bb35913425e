#ifndef CAFFE_SOLVER_SIGNAL_HANDLER_HPP_
#define CAFFE_SOLVER_SIGNAL_HANDLER_HPP_

#include "caffe/common.hpp"
#include "solver/solver.hpp"

namespace caffe {

/// Turns SIGINT and SIGHUP into requests to a solver while it exists. There can be only one
/// in a process: a second one throws Error.
class SignalHandler {
 public:
  SignalHandler(SolverAction::Enum SIGINT_action, SolverAction::Enum SIGHUP_action);
  ~SignalHandler();

  /// For Solver::SetActionFunction. Each signal is reported once; SIGHUP goes first.
  ActionCallback GetActionFunction();

 private:
  SolverAction::Enum CheckForSignals() const;

  SolverAction::Enum sigint_action_;
  SolverAction::Enum sighup_action_;

  DISABLE_COPY_AND_ASSIGN(SignalHandler);
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_SIGNAL_HANDLER_HPP_
