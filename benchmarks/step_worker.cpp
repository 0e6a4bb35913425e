// Training steps on demand, for benchmarks/training_step.
//
//   step_worker SOLVER
//
// Makes the solver as `caffe train` would, fills the inputs of its net once, and prints
// "ready RSS", the resident memory before. For each line "N" on standard input it makes N steps and
// prints "SECONDS PEAK PROCESSOR_SECONDS": the time of one step, the largest resident memory so
// far, and the processor time of one step, of all threads. Memory is in KiB.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "caffe/caffe.hpp"
#include "caffe/filler.hpp"
#include "caffe/plan/plan_options.hpp"
#include "caffe/solver_factory.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace {

/// A line "name: N kB" of what the system says of this process.
long StatusKib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stol(line.substr(name.size() + 1));
  }
  return 0;
}

/// Processor time that all threads of this process have taken.
double ProcessorSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

/// The first input is an image, normally distributed; others are labels 0 to 9.
void FillInputs(caffe::Net<float>* net) {
  for (int i = 0; i < net->num_inputs(); ++i) {
    caffe::Blob<float>* const blob = net->input_blobs()[i];
    if (i == 0) {
      caffe::FillerParameter gaussian;
      gaussian.set_std(1);
      caffe::GaussianFiller<float>(gaussian).Fill(blob);
      continue;
    }
    for (int k = 0; k < blob->count(); ++k) blob->mutable_cpu_data()[k] = float(k % 10);
  }
}

void Serve(const std::string& file) {
  caffe::Caffe::set_mode(caffe::Caffe::CPU);
  caffe::DefaultPlanOptions().share_memory = true;
  caffe::SolverParameter param;
  caffe::ReadSolverParamsFromTextFileOrDie(file, &param);
  const long idle = StatusKib("VmRSS");
  const std::unique_ptr<caffe::Solver<float>> solver(
      caffe::SolverRegistry<float>::CreateSolver(param));
  FillInputs(solver->net().get());
  std::cout << "ready " << idle << std::endl;
  for (int steps; std::cin >> steps;) {
    const auto start = std::chrono::steady_clock::now();
    const double processor_start = ProcessorSeconds();
    solver->Step(steps);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    const double processor_time = ProcessorSeconds() - processor_start;
    std::cout << time.count() / std::max(steps, 1) << " " << StatusKib("VmHWM") << " "
              << processor_time / std::max(steps, 1) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  FLAGS_minloglevel = google::GLOG_WARNING;
  google::InitGoogleLogging(argv[0]);
  if (argc != 2) {
    std::fprintf(stderr, "usage: step_worker SOLVER\n");
    return 1;
  }
  try {
    Serve(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 1;
  }
  return 0;
}
