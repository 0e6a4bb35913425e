#ifndef CAFFE_NATIVE_DNNL_PRIMITIVE_HPP_
#define CAFFE_NATIVE_DNNL_PRIMITIVE_HPP_

#include <dnnl.hpp>
#include <unordered_map>

namespace caffe {

/// Attributes of a primitive that DnnlPrimitive runs.
dnnl::primitive_attr DnnlAttributes();

/// A oneDNN primitive that any thread may run, one at a time. oneDNN's own scratchpad belongs to
/// the thread that made the primitive and is missing in all others; this one's is memory of the
/// thread that runs it.
class DnnlPrimitive {
 public:
  using Arguments = std::unordered_map<int, dnnl::memory>;

  /// Does not run; false in a condition.
  DnnlPrimitive() = default;
  /// @param desc  made with DnnlAttributes
  explicit DnnlPrimitive(const dnnl::primitive_desc_base& desc);

  explicit operator bool() const { return static_cast<bool>(primitive_); }

  /// Returns when the primitive is done.
  void Run(Arguments arguments) const;

 private:
  dnnl::primitive primitive_;
  dnnl::memory::desc scratchpad_;
};

}  // namespace caffe

#endif  // CAFFE_NATIVE_DNNL_PRIMITIVE_HPP_
