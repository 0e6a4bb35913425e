#ifndef CAFFE_CLI_DEVICE_CHOICE_HPP_
#define CAFFE_CLI_DEVICE_CHOICE_HPP_

#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe::cli {

/// The ids in a --gpu flag: "0,2", "all", or "" for none. Throws Error for anything else, and
/// for 'all' where there is none.
std::vector<int> ParseGpus(const std::string& flag);

/// For commands that work on one device: the first GPU of --gpu, or the CPU, with or
/// without Winograd's method as --winograd says. Logs which.
void UseFirstGpuOrCpu();

/// For training: the GPUs of --gpu, else the one that the solver's file asks for, else the CPU;
/// sets mode and device, in the solver's parameters too, and --winograd. Logs which.
void UseDevicesFor(SolverParameter* solver);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_DEVICE_CHOICE_HPP_
