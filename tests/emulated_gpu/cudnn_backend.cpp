// The calls of cuDNN's graph interface. What a graph means: cudnn_plan.cpp.
#include "tests/emulated_gpu/cudnn_backend.hpp"

#include <algorithm>

#include "tests/emulated_gpu/fault.hpp"

using namespace emulated_gpu;

namespace {

/// The descriptor that a program holds: it may come to stand for another node.
struct Descriptor {
  std::shared_ptr<BackendNode> node;
};

Descriptor& Of(cudnnBackendDescriptor_t descriptor) {
  return *static_cast<Descriptor*>(descriptor);
}

size_t ElementBytes(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE:
      return 8;
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_HANDLE:
      return sizeof(void*);
    case CUDNN_TYPE_CHAR:
    case CUDNN_TYPE_BOOLEAN:
      return 1;
    default:
      return 4;  // enumerations and float
  }
}

}  // namespace

extern "C" {

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t* descriptor) {
  auto* made = new Descriptor{std::make_shared<BackendNode>()};
  made->node->type = type;
  *descriptor = made;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  delete &Of(descriptor);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count,
                                       const void* values) {
  BackendNode& node = *Of(descriptor).node;
  if (node.finalized || count < 1 || values == nullptr) return CUDNN_STATUS_BAD_PARAM;
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    std::vector<std::shared_ptr<BackendNode>> nodes;
    for (int64_t i = 0; i < count; ++i) {
      nodes.push_back(Of(static_cast<const cudnnBackendDescriptor_t*>(values)[i]).node);
      if (!nodes.back()->finalized) return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
    }
    node.PutNodes(name, std::move(nodes));
    return CUDNN_STATUS_SUCCESS;
  }
  const char* bytes = static_cast<const char*>(values);
  node.attributes[name] = {type, {bytes, bytes + count * ElementBytes(type)}, {}};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  BackendNode* node = Of(descriptor).node.get();
  if (node->finalized) return CUDNN_STATUS_BAD_PARAM;
  const cudnnStatus_t status = FinalizeNode(node);
  node->finalized = status == CUDNN_STATUS_SUCCESS;
  return status;
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t most,
                                       int64_t* count, void* values) {
  const BackendNode& node = *Of(descriptor).node;
  if (!node.finalized) return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end() || found->second.type != type) return CUDNN_STATUS_BAD_PARAM;
  const BackendNode::Attribute& attribute = found->second;
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    *count = static_cast<int64_t>(attribute.nodes.size());
    for (int64_t i = 0; i < std::min(*count, most); ++i) {
      Descriptor& target = Of(static_cast<cudnnBackendDescriptor_t*>(values)[i]);
      if (target.node->type != attribute.nodes[i]->type) return CUDNN_STATUS_BAD_PARAM;
      target.node = attribute.nodes[i];
    }
    return CUDNN_STATUS_SUCCESS;
  }
  *count = static_cast<int64_t>(attribute.bytes.size() / ElementBytes(type));
  std::memcpy(values, attribute.bytes.data(), std::min(*count, most) * ElementBytes(type));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t operands) {
  if (!Of(plan).node->finalized || !Of(operands).node->finalized) {
    return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
  }
  return ExecutePlan(handle, *Of(plan).node, *Of(operands).node);
}

}  // extern "C"
