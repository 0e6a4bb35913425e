#ifndef CAFFE_CLI_PROGRESS_LINE_HPP_
#define CAFFE_CLI_PROGRESS_LINE_HPP_

#include <chrono>
#include <deque>
#include <string>

#include "solver/solver.hpp"

namespace caffe::cli {

/// "1200/64000  1.9 %  12.3 it/s  1:25:06 left" from iterations and the moments they began.
class ProgressText {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ProgressText(int max_iter) : max_iter_(max_iter) {}

  /// Notes that iteration `iter` begins `now`; the text for it, or "" if the last text is less
  /// than a fifth of a second old.
  std::string At(int iter, Clock::time_point now);

 private:
  struct Sample {
    int iter;
    Clock::time_point time;
  };

  int max_iter_;
  /// The first iteration of this run, then those of the last few seconds.
  Sample start_{-1, {}};
  std::deque<Sample> recent_;
};

/// Draws the progress of a solver on the terminal, at each iteration but at most five times a
/// second.
class ProgressLine : public Solver<float>::Callback {
 public:
  explicit ProgressLine(Solver<float>* solver);
  ~ProgressLine();

 protected:
  void on_start() override;
  void on_gradients_ready() override {}

 private:
  Solver<float>* solver_;
  ProgressText text_;
};

}  // namespace caffe::cli

#endif  // CAFFE_CLI_PROGRESS_LINE_HPP_
