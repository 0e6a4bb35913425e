#include "caffe/cli/device_choice.hpp"

#include "caffe/cli/arguments.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/common.hpp"
#include "caffe/device/devices.hpp"
#include "caffe/native/winograd_conv.hpp"

namespace caffe::cli {

namespace {

/// The GPUs of the command line. Throws Error where --cpu is given as well.
std::vector<int> GpusFromFlags() {
  Require(!FLAGS_cpu || FLAGS_gpu.empty(), "--cpu and --gpu=", FLAGS_gpu,
          " are both given; give one of them");
  return ParseGpus(FLAGS_gpu);
}

}  // namespace

std::vector<int> ParseGpus(const std::string& flag) {
  std::vector<int> ids;
  if (flag.empty()) return ids;
  if (flag == "all") {
    for (int id = 0; id < GpuCount(); ++id) ids.push_back(id);
    Require(!ids.empty(),
            "--gpu=all: this machine has no usable GPU; leave --gpu out to use the "
            "CPU");
    return ids;
  }
  for (const std::string& id : SplitList(flag)) ids.push_back(ParseInt(id, "--gpu: id"));
  return ids;
}

void UseFirstGpuOrCpu() {
  SetWinogradEnabled(FLAGS_winograd);
  const std::vector<int> gpus = GpusFromFlags();
  if (gpus.empty()) {
    LOG(INFO) << "Use CPU.";
    Caffe::set_mode(Caffe::CPU);
    return;
  }
  LOG(INFO) << "Use GPU with device ID " << gpus[0];
  Caffe::SetDevice(gpus[0]);
  LOG(INFO) << "GPU device name: " << GpuName(gpus[0]);
  Caffe::set_mode(Caffe::GPU);
}

void UseDevicesFor(SolverParameter* solver) {
  SetWinogradEnabled(FLAGS_winograd);
  std::vector<int> gpus = GpusFromFlags();
  // solver_mode's default is GPU, so only a file that spells it out counts.
  const bool file_decides = !FLAGS_cpu && gpus.empty() && solver->has_solver_mode() &&
                            solver->solver_mode() == SolverParameter::GPU;
  if (file_decides) gpus.push_back(solver->device_id());
  if (gpus.empty()) {
    LOG(INFO) << "Use CPU.";
    Caffe::set_mode(Caffe::CPU);
    solver->set_solver_mode(SolverParameter::CPU);
    return;
  }
  Require(gpus.size() == 1, "training on ", gpus.size(),
          " GPUs at once is not built in; give "
          "--gpu one id");
  LOG(INFO) << "Using GPUs " << gpus[0];
  try {
    Caffe::SetDevice(gpus[0]);
  } catch (Error& error) {
    if (file_decides)
      error.add_context("the solver's file says solver_mode: GPU; --cpu trains on the CPU instead");
    throw;
  }
  LOG(INFO) << "GPU " << gpus[0] << ": " << GpuName(gpus[0]);
  Caffe::set_mode(Caffe::GPU);
  Caffe::set_solver_count(1);
  solver->set_device_id(gpus[0]);
  solver->set_solver_mode(SolverParameter::GPU);
}

}  // namespace caffe::cli
