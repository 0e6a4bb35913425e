#include "caffe/native/block_format.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/device/device.hpp"
#include "caffe/native/dnnl_api.hpp"
#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

namespace {

/// The size of the blocks in which the newest values are, seen as a blob of this shape, or 0.
int BlockOf(const SyncedMemory& storage, const vector<int>& shape) {
  if (storage.head() != SyncedMemory::HEAD_AT_NATIVE) return 0;
  const auto* native = dynamic_cast<const DnnlMemory*>(storage.native().get());
  if (native == nullptr || !native->blocks()) return 0;
  const dnnl::memory::dims dims = DimsOf(native->desc());
  return std::equal(dims.begin(), dims.end(), shape.begin(), shape.end()) ? native->blocks()->block
                                                                          : 0;
}

dnnl::memory::desc InBlocks(const vector<int>& shape, int block) {
  return ChannelBlocksDesc(dnnl::memory::dims(shape.begin(), shape.end()), block);
}

}  // namespace

template <typename Device, typename Dtype>
BlockFormat<Device, Dtype>::BlockFormat(Part part, const std::vector<Blob<Dtype>*>& leaders,
                                        const std::vector<Blob<Dtype>*>& operands)
    : part_(part) {
  if constexpr (std::is_same_v<Device, Cpu> && std::is_same_v<Dtype, float>) {
    for (const Blob<Dtype>* leader : leaders) {
      if (block_ == 0) block_ = BlockOf(*Storage(*leader), leader->shape());
    }
    for (const Blob<Dtype>* operand : operands) {
      if (block_ != 0 && operand->shape(1) % block_ != 0) block_ = 0;
    }
  }
}

template <typename Device, typename Dtype>
BlockFormat<Device, Dtype>::~BlockFormat() {
  for (auto& [native, storage] : written_) {
    Publish({std::static_pointer_cast<DnnlMemory>(native), {}}, storage);
  }
}

template <typename Device, typename Dtype>
SyncedMemory* BlockFormat<Device, Dtype>::Storage(const Blob<Dtype>& blob) const {
  return part_ == Part::kData ? blob.data().get() : blob.diff().get();
}

template <typename Device, typename Dtype>
const Dtype* BlockFormat<Device, Dtype>::Read(const Blob<Dtype>& blob) {
  if (block_ != 0) {
    const dnnl::memory values =
        ReadAs(Storage(blob), InBlocks(blob.shape(), block_), ReaderCopy::kRefresh);
    return static_cast<const Dtype*>(values.get_data_handle());
  }
  if constexpr (std::is_same_v<Device, Cpu>)
    return static_cast<const Dtype*>(Storage(blob)->cpu_data());
  else
    return static_cast<const Dtype*>(Storage(blob)->gpu_data());
}

template <typename Device, typename Dtype>
Dtype* BlockFormat<Device, Dtype>::Write(Blob<Dtype>* blob) {
  SyncedMemory* storage = Storage(*blob);
  if (block_ != 0) {
    DnnlOutput out = OutputAs(storage, InBlocks(blob->shape(), block_));
    written_.emplace_back(out.native, storage);
    return static_cast<Dtype*>(out.memory.get_data_handle());
  }
  if constexpr (std::is_same_v<Device, Cpu>)
    return static_cast<Dtype*>(storage->mutable_cpu_data());
  else
    return static_cast<Dtype*>(storage->mutable_gpu_data());
}

template class BlockFormat<Cpu, float>;
template class BlockFormat<Cpu, double>;
template class BlockFormat<Gpu, float>;
template class BlockFormat<Gpu, double>;

}  // namespace caffe
