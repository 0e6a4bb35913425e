#ifndef CAFFE_CLI_GPU_COUNT_HPP_
#define CAFFE_CLI_GPU_COUNT_HPP_

#include "caffe/net.hpp"

namespace caffe::cli {

/// `caffe time --count`: logs what one forward and backward pass of a net asks of the GPU. Throws
/// Error where that is the CPU.
void CountPass(Net<float>* net);

/// The same for one training step of the solver in --solver, after two that are not counted: its
/// data, forward and backward pass, and update. Returns the exit code.
int CountTrainingStep();

}  // namespace caffe::cli

#endif  // CAFFE_CLI_GPU_COUNT_HPP_
