#ifndef CAFFE_NATIVE_CUDA_CUDNN_CONV_PLAN_HPP_
#define CAFFE_NATIVE_CUDA_CUDNN_CONV_PLAN_HPP_

#include <cudnn.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "caffe/native/conv_engine.hpp"
#include "caffe/native/cuda/cudnn_backend.hpp"

namespace caffe::cuda {

/// Names of the tensors of a convolution in the variant pack of a plan.
enum ConvTensor : int64_t { kSrcTensor = 1, kWeightsTensor = 2, kDstTensor = 3 };

/// The GPU that a plan is for: that of a handle or, where no handle is given, the one that a
/// finalised CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR describes. So a machine without a GPU can tell
/// what cuDNN offers on one.
struct PlanTarget {
  cudnnHandle_t handle = nullptr;
  const BackendDescriptor* properties = nullptr;
};

/// One pass of one convolution, ready to run.
struct ConvPlan {
  BackendDescriptor plan;
  /// cuDNN's number of the engine.
  int64_t engine = 0;
  /// Bytes of scratch memory on the device.
  size_t workspace = 0;
  std::vector<cudnnBackendNumericalNote_t> numerical_notes = {};
  std::vector<cudnnBackendBehaviorNote_t> behavior_notes = {};
};

/// cuDNN's first proposal for a pass, in the order of its heuristics, that gives the same bits
/// every time (a resumed run has to end in the same weights), that it accepts, and that asks for
/// no more than max_workspace bytes. kBackwardWeights adds to the gradient that is there.
/// @param why  out, unless null: what stood against the proposals, if none is returned
/// @return empty where nothing suits
/// Throws caffe::Error only where cuDNN itself fails.
std::optional<ConvPlan> ChooseConvPlan(const ConvShape& shape, ConvPass pass, cudnnDataType_t type,
                                       const PlanTarget& target, size_t max_workspace,
                                       std::string* why = nullptr);

}  // namespace caffe::cuda

#endif  // CAFFE_NATIVE_CUDA_CUDNN_CONV_PLAN_HPP_
