#ifndef CAFFE_NATIVE_GATHERED_GRADIENT_HPP_
#define CAFFE_NATIVE_GATHERED_GRADIENT_HPP_

#include <map>
#include <memory>

#include "caffe/native/conv_engine.hpp"
#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

/// A convolution's images in a storage, to be read in a layout of oneDNN's.
struct NativeImages {
  SyncedMemory* storage;
  dnnl::memory::desc desc;
  ReaderCopy copy;

  dnnl::memory Read() const { return ReadAs(storage, desc, copy); }
};

/// Weight gradients of some channels of one of oneDNN's convolutions. The images of these channels
/// are gathered side by side and filled up with zeros to whole blocks; a convolution of that many
/// channels does the rest. Filled up, a few sizes serve all draws, and each is made once.
class GatheredGradient {
 public:
  explicit GatheredGradient(const ConvShape& shape) : shape_(shape) {}

  /// Adds to weights_diff. @return false, having done nothing, where all of the gradient is to be
  /// computed: groups, layouts without channel blocks, or too little to save.
  bool Add(const WeightsPart& part, const NativeImages& src, const NativeImages& dst_diff,
           SyncedMemory* weights_diff);

 private:
  bool Pays(const WeightsPart& part, int filled) const;
  ConvEngine<float>* ConvOf(const ConvShape& shape);

  const ConvShape shape_;
  std::map<ConvShape, std::unique_ptr<ConvEngine<float>>> convs_;
};

/// bias_diff[channel] += the sum of dst_diff over the batch. @return false, having done nothing,
/// if its layout has no channel blocks
bool AddBiasGradient(const NativeImages& dst_diff, SyncedMemory* bias_diff);

}  // namespace caffe

#endif  // CAFFE_NATIVE_GATHERED_GRADIENT_HPP_
