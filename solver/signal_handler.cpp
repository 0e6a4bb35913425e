#include "solver/signal_handler.hpp"

#include <atomic>

namespace caffe {

namespace {

/// In the order in which they are reported.
constexpr int kSignals[] = {SIGHUP, SIGINT, SIGTERM};
constexpr const char* kNames[] = {"SIGHUP", "SIGINT", "SIGTERM"};

std::atomic<bool> handler_exists{false};
std::atomic<bool> received[std::size(kSignals)];
static_assert(std::atomic<bool>::is_always_lock_free, "needed within a signal handler");

void HandleSignal(int signal) {
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    if (kSignals[i] == signal) received[i] = true;
  }
}

}  // namespace

SignalHandler::SignalHandler(SolverAction::Enum SIGINT_action, SolverAction::Enum SIGHUP_action,
                             SolverAction::Enum SIGTERM_action)
    : actions_{SIGHUP_action, SIGINT_action, SIGTERM_action} {
  static_assert(std::size(kSignals) == kNumSignals);
  Require(!handler_exists.exchange(true), "there is a SignalHandler in this process already");
  for (int i = 0; i < kNumSignals; ++i) {
    received[i] = false;
    struct sigaction action = {};
    action.sa_handler = HandleSignal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    Require(sigaction(kSignals[i], &action, &before_[i]) == 0, "cannot set a handler for ",
            kNames[i]);
  }
}

SignalHandler::~SignalHandler() {
  for (int i = 0; i < kNumSignals; ++i) sigaction(kSignals[i], &before_[i], nullptr);
  handler_exists = false;
}

ActionCallback SignalHandler::GetActionFunction() {
  return [this] { return CheckForSignals(); };
}

SolverAction::Enum SignalHandler::CheckForSignals() {
  for (int i = 0; i < kNumSignals; ++i) {
    if (!received[i].exchange(false)) continue;
    if (actions_[i] == SolverAction::STOP) stop_signal_ = kSignals[i];
    // A signal without effect must not hide the next.
    if (actions_[i] != SolverAction::NONE) return actions_[i];
  }
  return SolverAction::NONE;
}

std::string SignalHandler::NameOf(int signal) {
  for (int i = 0; i < kNumSignals; ++i) {
    if (kSignals[i] == signal) return kNames[i];
  }
  return "signal " + std::to_string(signal);
}

}  // namespace caffe
