#ifndef CAFFE_SOLVER_SIGNAL_HANDLER_HPP_
#define CAFFE_SOLVER_SIGNAL_HANDLER_HPP_

#include <signal.h>

#include <string>

#include "caffe/common.hpp"
#include "solver/solver.hpp"

namespace caffe {

/// Turns SIGINT, SIGHUP and SIGTERM into requests to a solver while it exists. There can be only
/// one in a process: a second one throws Error.
class SignalHandler {
 public:
  SignalHandler(SolverAction::Enum SIGINT_action, SolverAction::Enum SIGHUP_action,
                SolverAction::Enum SIGTERM_action = SolverAction::STOP);
  ~SignalHandler();

  /// For Solver::SetActionFunction. Each signal is reported once; SIGHUP goes first, SIGTERM last.
  ActionCallback GetActionFunction();

  /// The signal that was last reported as a request to stop; 0 if there was none. A program that
  /// stops for it exits with 128 + this number, as a shell reports a program that a signal ended.
  int stop_signal() const { return stop_signal_; }

  /// "SIGINT" of SIGINT.
  static std::string NameOf(int signal);

 private:
  static constexpr int kNumSignals = 3;

  SolverAction::Enum CheckForSignals();

  SolverAction::Enum actions_[kNumSignals];
  struct sigaction before_[kNumSignals];
  int stop_signal_ = 0;

  DISABLE_COPY_AND_ASSIGN(SignalHandler);
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_SIGNAL_HANDLER_HPP_
