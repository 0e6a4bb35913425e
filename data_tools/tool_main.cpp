#include "data_tools/tool_main.hpp"

#include <gflags/gflags.h>
#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <thread>

#include "caffe/cli/arguments.hpp"
#include "caffe/error.hpp"

namespace caffe {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void OnSignal(int signal) { interrupted = signal; }

/// Images come and go by the thousand. Memory that is given back to the system after each is
/// cleared by it before the next.
void KeepMemory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace

bool Interrupted() { return interrupted != 0; }

void CheckInterrupted() { Require(!Interrupted(), "Interrupted. Nothing was written."); }

int ThreadsOf(int flag) {
  Require(flag >= 0, "--threads is ", flag, ". Give 0 or more.");
  return flag > 0 ? flag : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int ToolMain(int argc, char** argv, const char* usage,
             int (*run)(const std::vector<std::string>& arguments), int log_level) {
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  KeepMemory();
  try {
    FLAGS_logtostderr = true;
    FLAGS_log_year_in_prefix = false;
    FLAGS_minloglevel = log_level;
    const cli::Arguments arguments = cli::ParseArguments(argc, argv);
    if (arguments.help) {
      std::cout << usage;
      return 0;
    }
    google::InitGoogleLogging(argv[0]);
    std::signal(SIGINT, OnSignal);
    std::signal(SIGTERM, OnSignal);
    std::signal(SIGXFSZ, SIG_IGN);  // the write fails instead
    return run(arguments.words);
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << std::endl;
    return Interrupted() ? 128 + interrupted : 1;
  }
}

}  // namespace caffe
