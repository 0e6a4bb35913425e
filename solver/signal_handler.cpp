#include "solver/signal_handler.hpp"

#include <signal.h>

#include <atomic>

namespace caffe {

namespace {

std::atomic<bool> handler_exists{false};
std::atomic<bool> got_sigint{false};
std::atomic<bool> got_sighup{false};
static_assert(std::atomic<bool>::is_always_lock_free, "needed within a signal handler");

void HandleSignal(int signal) {
  if (signal == SIGHUP)
    got_sighup = true;
  else if (signal == SIGINT)
    got_sigint = true;
}

void SetHandler(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  Require(sigaction(signal, &action, nullptr) == 0, "cannot set a handler for signal ", signal);
}

}  // namespace

SignalHandler::SignalHandler(SolverAction::Enum SIGINT_action, SolverAction::Enum SIGHUP_action)
    : sigint_action_(SIGINT_action), sighup_action_(SIGHUP_action) {
  Require(!handler_exists.exchange(true), "there is a SignalHandler in this process already");
  got_sigint = false;
  got_sighup = false;
  SetHandler(SIGHUP, HandleSignal);
  SetHandler(SIGINT, HandleSignal);
}

SignalHandler::~SignalHandler() {
  SetHandler(SIGHUP, SIG_DFL);
  SetHandler(SIGINT, SIG_DFL);
  handler_exists = false;
}

ActionCallback SignalHandler::GetActionFunction() {
  return [this] { return CheckForSignals(); };
}

SolverAction::Enum SignalHandler::CheckForSignals() const {
  if (got_sighup.exchange(false)) return sighup_action_;
  if (got_sigint.exchange(false)) return sigint_action_;
  return SolverAction::NONE;
}

}  // namespace caffe
