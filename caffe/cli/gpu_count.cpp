#include "caffe/cli/gpu_count.hpp"

#include "caffe/cli/device_choice.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/device/gpu_counter.hpp"
#include "caffe/solver.hpp"
#include "caffe/solver_factory.hpp"

namespace caffe::cli {
namespace {

void RequireGpu() {
  Require(Caffe::mode() == Caffe::GPU,
          "--count counts what a GPU is asked for, and this run is on the CPU. Give --gpu=ID.");
}

template <typename F>
void LogCounts(const char* what, const F& run) {
  StartGpuCounts();
  run();
  LOG(INFO) << "What " << what << " asks of the GPU:\n" << StopGpuCounts().ToText();
}

/// Two steps allocate and choose whatever is allocated or chosen once.
constexpr int kStepsBefore = 2;

}  // namespace

void CountPass(Net<float>* net) {
  RequireGpu();
  LogCounts("one pass", [net] { net->ForwardBackward(); });
}

int CountTrainingStep() {
  SolverParameter param = ReadSolver(FLAGS_solver);
  UseDevicesFor(&param);
  RequireGpu();
  // Nothing but steps.
  param.set_display(0);
  param.set_snapshot(0);
  param.set_snapshot_after_train(false);
  param.set_test_interval(0);
  param.clear_test_iter();
  param.clear_test_net();
  param.clear_test_net_param();
  const shared_ptr<Solver<float>> solver(SolverRegistry<float>::CreateSolver(param));
  solver->Step(kStepsBefore);
  LogCounts("one training step", [&solver] { solver->Step(1); });
  return 0;
}

}  // namespace caffe::cli
