#ifndef TESTS_EMULATED_GPU_CUDNN_BACKEND_HPP_
#define TESTS_EMULATED_GPU_CUDNN_BACKEND_HPP_

#include <cudnn.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

namespace emulated_gpu {

/// What stands behind a descriptor of cuDNN's graph interface: attributes as they were set, which
/// for other descriptors are what those were at that moment.
struct BackendNode {
  struct Attribute {
    cudnnBackendAttributeType_t type;
    std::vector<char> bytes;
    std::vector<std::shared_ptr<BackendNode>> nodes;
  };

  cudnnBackendDescriptorType_t type;
  bool finalized = false;
  std::map<cudnnBackendAttributeName_t, Attribute> attributes;

  bool Has(cudnnBackendAttributeName_t name) const { return attributes.count(name) > 0; }
  /// The values of an attribute that is there.
  template <typename T>
  std::vector<T> Values(cudnnBackendAttributeName_t name) const {
    const std::vector<char>& bytes = attributes.at(name).bytes;
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
  }
  template <typename T>
  T Value(cudnnBackendAttributeName_t name) const {
    return Values<T>(name).at(0);
  }
  const std::shared_ptr<BackendNode>& Node(cudnnBackendAttributeName_t name) const {
    return attributes.at(name).nodes.at(0);
  }
  template <typename T>
  void Put(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t kind,
           const std::vector<T>& values) {
    Attribute& attribute = attributes[name] = {kind, {}, {}};
    attribute.bytes.resize(values.size() * sizeof(T));
    std::memcpy(attribute.bytes.data(), values.data(), attribute.bytes.size());
  }
  void PutNodes(cudnnBackendAttributeName_t name, std::vector<std::shared_ptr<BackendNode>> nodes) {
    attributes[name] = {CUDNN_TYPE_BACKEND_DESCRIPTOR, {}, std::move(nodes)};
  }
};

/// Checks a descriptor whose attributes are all set, and adds those that the library answers: a
/// list of proposals, the notes of an engine, the workspace of a plan.
cudnnStatus_t FinalizeNode(BackendNode* node);

/// Puts the work of a plan into the handle's stream.
cudnnStatus_t ExecutePlan(cudnnHandle_t handle, const BackendNode& plan,
                          const BackendNode& operands);

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_CUDNN_BACKEND_HPP_
