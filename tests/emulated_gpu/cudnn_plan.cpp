// What graphs of cuDNN's operations mean: one convolution, forward or backward.
#include <cstring>
#include <optional>

#include "tests/emulated_gpu/cudnn_backend.hpp"
#include "tests/emulated_gpu/cudnn_convolution.hpp"
#include "tests/emulated_gpu/cudnn_descriptors.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/settings.hpp"

namespace emulated_gpu {
namespace {

constexpr size_t kWorkspace = 64 << 10;

enum class Pass { kForward, kBackwardData, kBackwardFilter };

/// cuDNN's names of one pass.
struct PassNames {
  Pass pass;
  cudnnBackendAttributeName_t convolution, in, filter, out, alpha, beta;
};

std::optional<PassNames> NamesOf(cudnnBackendDescriptorType_t type) {
  switch (type) {
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
      return PassNames{Pass::kForward,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
      return PassNames{Pass::kBackwardData,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
      return PassNames{Pass::kBackwardFilter,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
    default:
      return std::nullopt;
  }
}

bool IsPackedTensor(const BackendNode& tensor) {
  const auto dims = tensor.Values<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  const auto strides = tensor.Values<int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0; step *= dims[i]) {
    if (strides.size() != dims.size() || dims[i] < 1 || strides[i] != step) return false;
  }
  return dims.size() >= 4 && dims.size() <= 5;
}

/// The last axes of three; the first stay as they are.
ConvolutionShape::Axes LastAxes(const std::vector<int64_t>& values, size_t skipped, int missing) {
  ConvolutionShape::Axes axes{missing, missing, missing};
  const size_t count = values.size() - skipped;
  for (size_t i = 0; i < count; ++i) axes[3 - count + i] = static_cast<int>(values[skipped + i]);
  return axes;
}

/// The shape of a finalised operation's convolution; none where its parts do not fit together.
std::optional<ConvolutionShape> ShapeOf(const BackendNode& operation, const PassNames& names) {
  for (const auto name :
       {names.convolution, names.in, names.filter, names.out, names.alpha, names.beta}) {
    if (!operation.Has(name)) return std::nullopt;
  }
  const BackendNode &in = *operation.Node(names.in), &filter = *operation.Node(names.filter),
                    &out = *operation.Node(names.out),
                    &convolution = *operation.Node(names.convolution);
  if (!IsPackedTensor(in) || !IsPackedTensor(filter) || !IsPackedTensor(out)) return std::nullopt;
  const auto x = in.Values<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS),
             w = filter.Values<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS),
             y = out.Values<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  const auto pad = convolution.Values<int64_t>(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
  const auto pad_behind = convolution.Values<int64_t>(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
  if (x.size() != w.size() || x.size() != y.size() || pad.size() + 2 != x.size() ||
      pad != pad_behind || x[0] != y[0] || w[0] != y[1] || w[1] < 1 || x[1] % w[1] != 0) {
    return std::nullopt;
  }
  const auto type = in.Value<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
  ConvolutionShape shape{
      .type = type,
      .num = static_cast<int>(x[0]),
      .in_channels = static_cast<int>(x[1]),
      .out_channels = static_cast<int>(y[1]),
      .groups = static_cast<int>(x[1] / w[1]),
      .in = LastAxes(x, 2, 1),
      .kernel = LastAxes(w, 2, 1),
      .out = LastAxes(y, 2, 1),
      .pad = LastAxes(pad, 0, 0),
      .stride = LastAxes(convolution.Values<int64_t>(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES), 0, 1),
      .dilation = LastAxes(convolution.Values<int64_t>(CUDNN_ATTR_CONVOLUTION_DILATIONS), 0, 1)};
  if (!shape.IsConsistent()) return std::nullopt;
  return shape;
}

cudnnStatus_t FinalizeOperation(const BackendNode& operation) {
  const auto names = NamesOf(operation.type);
  if (!names) return CUDNN_STATUS_NOT_SUPPORTED;
  return ShapeOf(operation, *names) ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}

std::shared_ptr<BackendNode> Engine(int64_t index, bool deterministic) {
  auto engine = std::make_shared<BackendNode>();
  engine->type = CUDNN_BACKEND_ENGINE_DESCRIPTOR;
  engine->finalized = true;
  engine->Put<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, {index});
  std::vector<cudnnBackendNumericalNote_t> notes = {CUDNN_NUMERICAL_NOTE_TENSOR_CORE};
  if (!deterministic) notes.push_back(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
  engine->Put(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, notes);
  engine->Put<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
                                          {});
  return engine;
}

/// Numbers of engines, as the library might have them.
enum : int64_t { kRandomEngine = 0, kLargeEngine = 1, kRefusedEngine = 2, kGoodEngine = 3 };

/// As a real library might propose: an engine that gives other bits every time, one that needs more
/// memory than anybody has, one that turns out not to suit the GPU, and a good one.
cudnnStatus_t FinalizeHeuristics(BackendNode* heuristics) {
  if (Setting("CUDNN", 1) == 0) return CUDNN_STATUS_NOT_SUPPORTED;
  const auto& graph = heuristics->Node(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
  const auto mode = heuristics->Value<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE);
  const BackendNode& operation = *graph->Node(CUDNN_ATTR_OPERATIONGRAPH_OPS);
  const int pass = static_cast<int>(NamesOf(operation.type)->pass);
  std::vector<int64_t> engines = {kRandomEngine, kLargeEngine, kRefusedEngine};
  const bool refuses = (Setting("CUDNN_REFUSES", 0) >> pass & 1) != 0;
  if (mode == CUDNN_HEUR_MODE_FALLBACK && !refuses) engines.push_back(kGoodEngine);
  std::vector<std::shared_ptr<BackendNode>> proposals;
  for (const int64_t index : engines) {
    auto proposal = std::make_shared<BackendNode>();
    proposal->type = CUDNN_BACKEND_ENGINECFG_DESCRIPTOR;
    proposal->finalized = true;
    proposal->PutNodes(CUDNN_ATTR_ENGINECFG_ENGINE, {Engine(index, index != kRandomEngine)});
    proposal->PutNodes(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, {graph});
    proposals.push_back(proposal);
  }
  heuristics->PutNodes(CUDNN_ATTR_ENGINEHEUR_RESULTS, proposals);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t FinalizePlan(BackendNode* plan) {
  if (!plan->Has(CUDNN_ATTR_EXECUTION_PLAN_HANDLE)) return CUDNN_STATUS_BAD_PARAM;
  const BackendNode& proposal = *plan->Node(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  const auto engine =
      proposal.Node(CUDNN_ATTR_ENGINECFG_ENGINE)->Value<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  if (engine == kRefusedEngine) return CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH;
  plan->Put<int64_t>(
      CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
      {engine == kLargeEngine ? int64_t{1} << 40 : static_cast<int64_t>(kWorkspace)});
  return CUDNN_STATUS_SUCCESS;
}

/// The operands of one execution.
struct Operands {
  void *in, *filter, *out, *workspace;
};

template <typename T>
void Enqueue(cudnnHandle_t handle, const BackendNode& operation, const PassNames& names,
             const ConvolutionShape& shape, const Operands& operands) {
  const CpuConvolution<T> convolution(shape, operation.Value<T>(names.alpha),
                                      operation.Value<T>(names.beta));
  emulated_gpu::Enqueue(Of(handle).stream(), [convolution, operands, pass = names.pass] {
    std::memset(operands.workspace, 0xff, kWorkspace);
    T *in = static_cast<T*>(operands.in), *filter = static_cast<T*>(operands.filter),
      *out = static_cast<T*>(operands.out);
    switch (pass) {
      case Pass::kForward:
        convolution.Forward(in, filter, out);
        break;
      case Pass::kBackwardData:
        convolution.BackwardData(filter, out, in);
        break;
      case Pass::kBackwardFilter:
        convolution.BackwardFilter(in, out, filter);
        break;
    }
  });
}

/// The operand of a tensor; null if it was not given.
void* Operand(const BackendNode& operands, const BackendNode& tensor) {
  const auto names = operands.Values<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto pointers = operands.Values<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  const auto wanted = tensor.Value<int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID);
  for (size_t i = 0; i < names.size() && i < pointers.size(); ++i) {
    if (names[i] == wanted) return pointers[i];
  }
  return nullptr;
}

}  // namespace

cudnnStatus_t FinalizeNode(BackendNode* node) {
  switch (node->type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR:
      for (const auto name :
           {CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_ATTR_TENSOR_STRIDES,
            CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT}) {
        if (!node->Has(name)) return CUDNN_STATUS_BAD_PARAM;
      }
      return CUDNN_STATUS_SUCCESS;
    case CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR:
      for (const auto name :
           {CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_ATTR_CONVOLUTION_COMP_TYPE,
            CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS,
            CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
            CUDNN_ATTR_CONVOLUTION_DILATIONS}) {
        if (!node->Has(name)) return CUDNN_STATUS_BAD_PARAM;
      }
      return node->Value<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE) ==
                     CUDNN_CROSS_CORRELATION
                 ? CUDNN_STATUS_SUCCESS
                 : CUDNN_STATUS_NOT_SUPPORTED;
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR:
      if (!node->Has(CUDNN_ATTR_OPERATIONGRAPH_OPS) || !node->Has(CUDNN_ATTR_OPERATIONGRAPH_HANDLE))
        return CUDNN_STATUS_BAD_PARAM;
      return node->attributes.at(CUDNN_ATTR_OPERATIONGRAPH_OPS).nodes.size() == 1
                 ? CUDNN_STATUS_SUCCESS
                 : CUDNN_STATUS_NOT_SUPPORTED;
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
      return FinalizeHeuristics(node);
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      return FinalizePlan(node);
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR:
      return CUDNN_STATUS_SUCCESS;
    default:
      return FinalizeOperation(*node);
  }
}

cudnnStatus_t ExecutePlan(cudnnHandle_t handle, const BackendNode& plan,
                          const BackendNode& operands) {
  const BackendNode& operation = *plan.Node(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG)
                                      ->Node(CUDNN_ATTR_ENGINE_OPERATION_GRAPH)
                                      ->Node(CUDNN_ATTR_OPERATIONGRAPH_OPS);
  const PassNames names = *NamesOf(operation.type);
  const ConvolutionShape shape = *ShapeOf(operation, names);
  const Operands pointers{Operand(operands, *operation.Node(names.in)),
                          Operand(operands, *operation.Node(names.filter)),
                          Operand(operands, *operation.Node(names.out)),
                          operands.Value<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE)};
  const size_t element = ElementBytes(shape.type);
  const Lock lock(Machine::Get().mutex);
  RequireDeviceMemory(pointers.in, shape.in_count() * element, "cuDNN: x");
  RequireDeviceMemory(pointers.filter, shape.filter_count() * element, "cuDNN: w");
  RequireDeviceMemory(pointers.out, shape.out_count() * element, "cuDNN: y");
  RequireDeviceMemory(pointers.workspace, kWorkspace, "cuDNN: workspace");
  if (shape.type == CUDNN_DATA_DOUBLE) {
    Enqueue<double>(handle, operation, names, shape, pointers);
  } else {
    Enqueue<float>(handle, operation, names, shape, pointers);
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace emulated_gpu
