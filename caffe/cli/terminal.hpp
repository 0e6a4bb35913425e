#ifndef CAFFE_CLI_TERMINAL_HPP_
#define CAFFE_CLI_TERMINAL_HPP_

#include <string>

namespace caffe::cli {

/// Whether standard error is a terminal, so that a line on it can be drawn over.
bool StderrIsTerminal();

/// Lets log lines and the status line share the terminal: each log line first clears the status
/// line. REQUIRES: StderrIsTerminal(), and logging has started.
void ShareTerminalWithLog();

/// Draws `text`, at most as wide as the terminal, as the last line of standard error. Logging
/// clears it. REQUIRES: ShareTerminalWithLog() was called.
void DrawStatusLine(const std::string& text);
/// Removes it. Does nothing if there is none.
void ClearStatusLine();

}  // namespace caffe::cli

#endif  // CAFFE_CLI_TERMINAL_HPP_
