#ifndef DATA_TOOLS_TOOL_MAIN_HPP_
#define DATA_TOOLS_TOOL_MAIN_HPP_

#include <glog/logging.h>

#include <string>
#include <vector>

namespace caffe {

/// Runs a tool: reads the flags, calls `run` with the other arguments, and turns an exception
/// into one message on stderr and exit code 1, or 128 plus the signal's number if a signal ended
/// the run (130 for SIGINT, 143 for SIGTERM). --help prints `usage` and gives 0.
/// @param log_level  glog's level (google::GLOG_...) from which on log lines go to stderr
int ToolMain(int argc, char** argv, const char* usage,
             int (*run)(const std::vector<std::string>& arguments),
             int log_level = google::GLOG_WARNING);

/// Number of threads that --threads asks for; 0 stands for one for each core. Throws Error if it is
/// below 0.
int ThreadsOf(int flag);

/// Throws Error if the user has asked the program to stop (Ctrl-C), so that it cleans up.
void CheckInterrupted();
/// Whether the user has asked the program to stop.
bool Interrupted();

}  // namespace caffe

#endif  // DATA_TOOLS_TOOL_MAIN_HPP_
