#include "caffe/native/cuda/cudnn_conv_plan.hpp"

#include <algorithm>
#include <memory>
#include <sstream>

namespace caffe::cuda {
namespace {

/// Proposals that are looked at in each of the heuristics' lists.
constexpr int64_t kMostProposals = 64;

/// cuDNN has nothing for what it was asked.
struct NotSupported {};

/// The thousands of a status are its kind.
bool IsRefusal(cudnnStatus_t status) { return status / 1000 == CUDNN_STATUS_NOT_SUPPORTED / 1000; }

void Finalize(BackendDescriptor* descriptor) {
  const cudnnStatus_t status = descriptor->TryFinalize();
  if (IsRefusal(status)) throw NotSupported();
  CUDNN_CHECK(status);
}

/// cuDNN wants two spatial axes or more: one axis is an image of height 1.
std::vector<int64_t> Spatial(const std::vector<int>& axes, int64_t missing) {
  std::vector<int64_t> result(axes.size() == 1 ? 1 : 0, missing);
  result.insert(result.end(), axes.begin(), axes.end());
  return result;
}

/// dims: n, c and the spatial axes, stored in that order.
BackendDescriptor Tensor(ConvTensor name, std::vector<int64_t> dims, cudnnDataType_t type) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * dims[i];
  BackendDescriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  tensor.Set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
  tensor.Set(CUDNN_ATTR_TENSOR_DIMENSIONS, dims);
  tensor.Set(CUDNN_ATTR_TENSOR_STRIDES, strides);
  tensor.Set(CUDNN_ATTR_TENSOR_UNIQUE_ID, int64_t{name});
  // What cudaMalloc gives is aligned to 256 bytes; a blob may be a part of another from there.
  tensor.Set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, int64_t{type == CUDNN_DATA_DOUBLE ? 8 : 4});
  Finalize(&tensor);
  return tensor;
}

std::vector<int64_t> Dims(int64_t outer, int64_t channels, const std::vector<int>& spatial) {
  std::vector<int64_t> dims = {outer, channels};
  const std::vector<int64_t> rest = Spatial(spatial, 1);
  dims.insert(dims.end(), rest.begin(), rest.end());
  return dims;
}

BackendDescriptor Convolution(const ConvShape& shape, cudnnDataType_t type) {
  const std::vector<int64_t> pad = Spatial(shape.pad, 0);
  BackendDescriptor convolution(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  convolution.Set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  convolution.Set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, type);
  convolution.Set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, static_cast<int64_t>(pad.size()));
  convolution.Set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, pad);
  convolution.Set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, pad);
  convolution.Set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, Spatial(shape.stride, 1));
  convolution.Set(CUDNN_ATTR_CONVOLUTION_DILATIONS, Spatial(shape.dilation, 1));
  Finalize(&convolution);
  return convolution;
}

/// cuDNN's names of what a pass is made of.
struct OperationNames {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t convolution, src, weights, dst, alpha, beta;
};

OperationNames NamesOf(ConvPass pass) {
  switch (pass) {
    case ConvPass::kForward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case ConvPass::kBackwardData:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    case ConvPass::kBackwardWeights:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }
  throw Error("ChooseConvPlan: ", static_cast<int>(pass), " is not a pass.");
}

BackendDescriptor Operation(const ConvShape& shape, ConvPass pass, cudnnDataType_t type) {
  const OperationNames names = NamesOf(pass);
  BackendDescriptor operation(names.type);
  operation.Set(names.convolution, Convolution(shape, type));
  operation.Set(names.src, Tensor(kSrcTensor, Dims(shape.num, shape.in_channels, shape.in), type));
  operation.Set(
      names.weights,
      Tensor(kWeightsTensor,
             Dims(shape.out_channels, shape.in_channels / shape.group, shape.kernel), type));
  operation.Set(names.dst,
                Tensor(kDstTensor, Dims(shape.num, shape.out_channels, shape.out), type));
  const double beta = pass == ConvPass::kBackwardWeights ? 1 : 0;
  if (type == CUDNN_DATA_DOUBLE) {
    const double one = 1;
    operation.Set(names.alpha, CUDNN_TYPE_DOUBLE, 1, &one);
    operation.Set(names.beta, CUDNN_TYPE_DOUBLE, 1, &beta);
  } else {
    const float one = 1, beta_float = static_cast<float>(beta);
    operation.Set(names.alpha, CUDNN_TYPE_FLOAT, 1, &one);
    operation.Set(names.beta, CUDNN_TYPE_FLOAT, 1, &beta_float);
  }
  Finalize(&operation);
  return operation;
}

BackendDescriptor Graph(const BackendDescriptor& operation, const PlanTarget& target) {
  BackendDescriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  if (target.handle != nullptr) graph.Set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, target.handle);
  graph.Set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation);
  Finalize(&graph);
  return graph;
}

/// The configurations that one list of the heuristics proposes, the most promising first.
std::vector<BackendDescriptor> Proposals(const BackendDescriptor& graph,
                                         cudnnBackendHeurMode_t mode, const PlanTarget& target) {
  BackendDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.Set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristics.Set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  if (target.handle == nullptr) {
    heuristics.Set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *target.properties);
  }
  const cudnnStatus_t status = heuristics.TryFinalize();
  if (IsRefusal(status)) return {};  // the other list may have something
  CUDNN_CHECK(status);
  std::vector<BackendDescriptor> proposals;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (int64_t i = 0; i < kMostProposals; ++i) {
    proposals.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    raw.push_back(proposals.back().get());
  }
  int64_t count = 0;
  CUDNN_CHECK(cudnnBackendGetAttribute(heuristics.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, kMostProposals, &count,
                                       raw.data()));
  proposals.erase(proposals.begin() + std::min(count, kMostProposals), proposals.end());
  return proposals;
}

/// What stood against the proposals that were passed over.
struct Reasons {
  int refused = 0;
  int random = 0;
  int large = 0;
  size_t smallest = SIZE_MAX;

  std::string Text(size_t max_workspace) const {
    std::ostringstream text;
    const char* separator = "";
    const auto add = [&](int count, const std::string& what) {
      if (count == 0) return;
      text << separator << count << " " << what;
      separator = ", ";
    };
    add(random, "not deterministic");
    add(large, "needing " + std::to_string(smallest >> 20) + " MB or more of workspace (" +
                   std::to_string(max_workspace >> 20) + " MB can be had)");
    add(refused, "refused by this GPU");
    return *separator == '\0' ? "cuDNN proposes nothing" : "of cuDNN's proposals " + text.str();
  }
};

/// The plan of one proposal, or none, with the reason counted.
std::optional<ConvPlan> Accept(const BackendDescriptor& proposal, const PlanTarget& target,
                               size_t max_workspace, Reasons* reasons) {
  const BackendDescriptor engine =
      proposal.GetDescriptor(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  const auto notes = engine.Get<cudnnBackendNumericalNote_t>(
      CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  if (std::count(notes.begin(), notes.end(), CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) > 0) {
    ++reasons->random;
    return std::nullopt;
  }
  ConvPlan result{.plan = BackendDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)};
  if (target.handle != nullptr) {
    result.plan.Set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, target.handle);
  } else {
    result.plan.Set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *target.properties);
  }
  result.plan.Set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, proposal);
  // A proposal may turn out not to suit the GPU or its driver: then the next one is tried.
  if (result.plan.TryFinalize() != CUDNN_STATUS_SUCCESS) {
    ++reasons->refused;
    return std::nullopt;
  }
  result.workspace = result.plan.GetInt64(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  if (result.workspace > max_workspace) {
    ++reasons->large;
    reasons->smallest = std::min(reasons->smallest, result.workspace);
    return std::nullopt;
  }
  result.engine = engine.GetInt64(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  result.numerical_notes = notes;
  result.behavior_notes = engine.Get<cudnnBackendBehaviorNote_t>(
      CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, CUDNN_BEHAVIOR_NOTE_TYPE_COUNT);
  return result;
}

}  // namespace

std::optional<ConvPlan> ChooseConvPlan(const ConvShape& shape, ConvPass pass, cudnnDataType_t type,
                                       const PlanTarget& target, size_t max_workspace,
                                       std::string* why) {
  Reasons reasons;
  try {
    const BackendDescriptor graph = Graph(Operation(shape, pass, type), target);
    for (cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_B, CUDNN_HEUR_MODE_FALLBACK}) {
      for (const BackendDescriptor& proposal : Proposals(graph, mode, target)) {
        if (auto plan = Accept(proposal, target, max_workspace, &reasons)) return plan;
      }
    }
  } catch (const NotSupported&) {
  }
  if (why != nullptr) *why = reasons.Text(max_workspace);
  return std::nullopt;
}

}  // namespace caffe::cuda
