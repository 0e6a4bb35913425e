#ifndef CAFFE_CLI_INTERRUPTS_HPP_
#define CAFFE_CLI_INTERRUPTS_HPP_

#include "solver/signal_handler.hpp"

namespace caffe::cli {

/// Lets a command that goes through batches end between two of them at SIGINT, SIGHUP or SIGTERM,
/// so that it tells what it has found so far and leaves no half-written file.
class Interrupts {
 public:
  Interrupts();

  /// Whether a signal asked for the end.
  bool Requested();
  /// 0, or 128 plus the number of the signal that asked for the end, which is then told in the log
  /// with the number of batches that were run.
  int ExitCode(int batches) const;

 private:
  SignalHandler signals_;
  ActionCallback ask_;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_INTERRUPTS_HPP_
