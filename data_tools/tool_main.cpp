#include "data_tools/tool_main.hpp"

#include <gflags/gflags.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <thread>

#include "caffe/error.hpp"

namespace caffe {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void OnSignal(int) { interrupted = 1; }

bool AsksForHelp(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    for (const char* help : {"--help", "-help", "-h"}) {
      if (std::strcmp(argv[i], help) == 0) return true;
    }
  }
  return false;
}

}  // namespace

void CheckInterrupted() { Require(interrupted == 0, "Interrupted. Nothing was written."); }

int ThreadsOf(int flag) {
  Require(flag >= 0, "--threads is ", flag, ". Give 0 or more.");
  return flag > 0 ? flag : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int ToolMain(int argc, char** argv, const char* usage,
             int (*run)(const std::vector<std::string>& arguments), int log_level) {
  if (AsksForHelp(argc, argv)) {
    std::cout << usage;
    return 0;
  }
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = log_level;
  gflags::SetUsageMessage(usage);
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << std::endl;
    return 1;
  }
}

}  // namespace caffe
