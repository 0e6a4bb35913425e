#include "caffe/cli/progress_line.hpp"

#include <cstdio>

#include "caffe/cli/terminal.hpp"

namespace caffe::cli {

namespace {

constexpr std::chrono::milliseconds kRefresh(200);
/// Refreshes that the rate is a mean over.
constexpr size_t kWindow = 25;

double Seconds(ProgressText::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string Duration(double seconds) {
  const long whole = static_cast<long>(seconds + 0.5);
  char text[40];
  std::snprintf(text, sizeof(text), "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

}  // namespace

std::string ProgressText::At(int iter, Clock::time_point now) {
  if (start_.iter < 0) start_ = {iter, now};
  if (!recent_.empty() && now - recent_.back().time < kRefresh) return "";
  recent_.push_back({iter, now});
  if (recent_.size() > kWindow) recent_.pop_front();

  char text[80];
  const double percent = max_iter_ > 0 ? 100. * iter / max_iter_ : 100.;
  std::snprintf(text, sizeof(text), "%d/%d  %.1f %%", iter, max_iter_, percent);
  std::string line = text;
  const Sample& oldest = recent_.front();
  if (iter > oldest.iter) {
    std::snprintf(text, sizeof(text), "  %.3g it/s",
                  (iter - oldest.iter) / Seconds(now - oldest.time));
    // The time left counts test passes and snapshots in, so it goes by the whole run.
    const double per_iteration = Seconds(now - start_.time) / (iter - start_.iter);
    line += text + ("  " + Duration(per_iteration * (max_iter_ - iter))) + " left";
  }
  return line;
}

ProgressLine::ProgressLine(Solver<float>* solver)
    : solver_(solver), text_(solver->param().max_iter()) {
  solver->add_callback(this);
}

ProgressLine::~ProgressLine() { ClearStatusLine(); }

void ProgressLine::on_start() {
  const std::string text = text_.At(solver_->iter(), ProgressText::Clock::now());
  if (!text.empty()) DrawStatusLine(text);
}

}  // namespace caffe::cli
