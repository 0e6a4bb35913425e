#include "caffe/cli/interrupts.hpp"

#include <glog/logging.h>

namespace caffe::cli {

namespace {

/// What `nohup` does to SIGHUP.
bool IsIgnored(int signal) {
  struct sigaction action;
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Interrupts::Interrupts()
    : signals_(SolverAction::STOP, IsIgnored(SIGHUP) ? SolverAction::NONE : SolverAction::STOP,
               SolverAction::STOP),
      ask_(signals_.GetActionFunction()) {}

bool Interrupts::Requested() { return ask_() == SolverAction::STOP || signals_.stop_signal() != 0; }

int Interrupts::ExitCode(int batches) const {
  const int signal = signals_.stop_signal();
  if (signal == 0) return 0;
  LOG(WARNING) << "Stopped by " << SignalHandler::NameOf(signal) << " after " << batches
               << " iterations; the figures above are those of these.";
  return 128 + signal;
}

}  // namespace caffe::cli
