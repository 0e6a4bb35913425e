#ifndef CAFFE_NATIVE_CUDA_CUDNN_BACKEND_HPP_
#define CAFFE_NATIVE_CUDA_CUDNN_BACKEND_HPP_

#include <cudnn.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "caffe/util/cudnn.hpp"

namespace caffe::cuda {

/// Owns one descriptor of cuDNN's graph interface. Attributes are set, then Finalize() checks
/// them together; a finalised descriptor can be read. Errors of cuDNN throw caffe::Error.
class BackendDescriptor {
 public:
  explicit BackendDescriptor(cudnnBackendDescriptorType_t type) {
    CUDNN_CHECK(cudnnBackendCreateDescriptor(type, &descriptor_));
  }
  ~BackendDescriptor() {
    if (descriptor_ != nullptr) cudnnBackendDestroyDescriptor(descriptor_);
  }
  BackendDescriptor(BackendDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  BackendDescriptor& operator=(BackendDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  cudnnBackendDescriptor_t get() const { return descriptor_; }

  void Set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
           const void* values) {
    CUDNN_CHECK(cudnnBackendSetAttribute(descriptor_, name, type, count, values));
  }
  void Set(cudnnBackendAttributeName_t name, const std::vector<int64_t>& values) {
    Set(name, CUDNN_TYPE_INT64, static_cast<int64_t>(values.size()), values.data());
  }
  void Set(cudnnBackendAttributeName_t name, int64_t value) {
    Set(name, CUDNN_TYPE_INT64, 1, &value);
  }
  void Set(cudnnBackendAttributeName_t name, cudnnDataType_t value) {
    Set(name, CUDNN_TYPE_DATA_TYPE, 1, &value);
  }
  void Set(cudnnBackendAttributeName_t name, const BackendDescriptor& value) {
    Set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.descriptor_);
  }
  void Set(cudnnBackendAttributeName_t name, cudnnHandle_t value) {
    Set(name, CUDNN_TYPE_HANDLE, 1, &value);
  }

  /// @return CUDNN_STATUS_SUCCESS, or why the library does not take what was set
  cudnnStatus_t TryFinalize() { return cudnnBackendFinalize(descriptor_); }
  void Finalize() { CUDNN_CHECK(TryFinalize()); }

  /// Reads up to `most` values of an attribute.
  template <typename T>
  std::vector<T> Get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                     int64_t most) const {
    std::vector<T> values(most);
    int64_t count = 0;
    CUDNN_CHECK(cudnnBackendGetAttribute(descriptor_, name, type, most, &count, values.data()));
    values.resize(count < most ? count : most);
    return values;
  }
  int64_t GetInt64(cudnnBackendAttributeName_t name) const {
    return Get<int64_t>(name, CUDNN_TYPE_INT64, 1).at(0);
  }
  /// Reads a descriptor that the library writes into one that the caller makes.
  BackendDescriptor GetDescriptor(cudnnBackendAttributeName_t name,
                                  cudnnBackendDescriptorType_t type) const {
    BackendDescriptor value(type);
    int64_t count = 0;
    CUDNN_CHECK(cudnnBackendGetAttribute(descriptor_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                                         &count, &value.descriptor_));
    return value;
  }

 private:
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

}  // namespace caffe::cuda

#endif  // CAFFE_NATIVE_CUDA_CUDNN_BACKEND_HPP_
