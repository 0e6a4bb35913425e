#include "caffe/cli/terminal.hpp"

#include <glog/logging.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>

namespace caffe::cli {

namespace {

std::mutex terminal_mutex;
bool status_line_drawn = false;

/// REQUIRES: terminal_mutex is held.
void ClearLocked() {
  if (!status_line_drawn) return;
  std::fputs("\r\033[K", stderr);
  status_line_drawn = false;
}

/// Writes glog's lines to the terminal, and passes them on to the logger that writes files where
/// there is one.
class TerminalLogger : public google::base::Logger {
 public:
  TerminalLogger(google::base::Logger* files, bool to_terminal)
      : files_(files), to_terminal_(to_terminal) {}

  void Write(bool force_flush, time_t timestamp, const char* message, size_t length) override {
    if (to_terminal_) {
      const std::lock_guard<std::mutex> lock(terminal_mutex);
      ClearLocked();
      std::fwrite(message, 1, length, stderr);
    }
    if (files_ != nullptr) files_->Write(force_flush, timestamp, message, length);
  }
  void Flush() override {
    if (files_ != nullptr) files_->Flush();
  }
  google::uint32 LogSize() override { return files_ == nullptr ? 0 : files_->LogSize(); }

 private:
  google::base::Logger* files_;
  bool to_terminal_;
};

int TerminalWidth() {
  constexpr int kUsualWidth = 80;
  winsize size;
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualWidth;
}

}  // namespace

bool StderrIsTerminal() { return isatty(STDERR_FILENO) != 0; }

void ShareTerminalWithLog() {
  // glog hands each line to the loggers of its own and all lower severities, so the one of the
  // lowest severity sees all. glog's own writing to standard error is switched off.
  const bool has_files = !FLAGS_log_dir.empty();
  for (int severity = google::GLOG_INFO; severity < google::NUM_SEVERITIES; ++severity) {
    google::base::Logger* files = has_files ? google::base::GetLogger(severity) : nullptr;
    // Loggers live as long as the process: glog may write until its very end.
    google::base::SetLogger(severity, new TerminalLogger(files, severity == google::GLOG_INFO));
  }
  FLAGS_logtostderr = false;
  FLAGS_alsologtostderr = false;
  FLAGS_stderrthreshold = google::NUM_SEVERITIES;
}

void DrawStatusLine(const std::string& text) {
  const std::string shown = text.substr(0, TerminalWidth() - 1);
  const std::lock_guard<std::mutex> lock(terminal_mutex);
  std::fprintf(stderr, "\r\033[K%s", shown.c_str());
  std::fflush(stderr);
  status_line_drawn = true;
}

void ClearStatusLine() {
  const std::lock_guard<std::mutex> lock(terminal_mutex);
  ClearLocked();
}

}  // namespace caffe::cli
