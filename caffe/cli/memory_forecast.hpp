#ifndef CAFFE_CLI_MEMORY_FORECAST_HPP_
#define CAFFE_CLI_MEMORY_FORECAST_HPP_

#include <cstdint>

#include "caffe/net.hpp"

namespace caffe::cli {

/// Bytes that a pass over a net holds at its peak on the CPU, with memory given back as
/// MemoryPlan does and layers run as ExecutionPlan does. Weights, their gradients and what the
/// program itself takes are not in it.
struct PassMemory {
  /// What a forward pass leaves for the backward pass, and what layers keep beside it.
  int64_t values = 0;
  /// Most that gradients take at a time.
  int64_t gradients = 0;
  /// Most that values take at a time where no backward pass follows.
  int64_t inference = 0;
};

/// @param net  shaped; need not have been run
PassMemory ForecastPassMemory(const Net<float>& net);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_MEMORY_FORECAST_HPP_
