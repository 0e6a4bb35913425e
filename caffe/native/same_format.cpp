#include "caffe/native/same_format.hpp"

#include <functional>
#include <numeric>
#include <type_traits>

#include "caffe/device/device.hpp"
#include "caffe/native/dnnl_api.hpp"
#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

namespace {

int64_t Elements(const dnnl::memory::dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<int64_t>());
}

/// The newest values if they are oneDNN's and fit the operation.
std::shared_ptr<DnnlMemory> NativeLeader(const SyncedMemory& storage, int64_t count,
                                         Layouts layouts) {
  if (layouts == Layouts::kPlain || storage.head() != SyncedMemory::HEAD_AT_NATIVE) return nullptr;
  auto native = std::dynamic_pointer_cast<DnnlMemory>(storage.native());
  if (native == nullptr || Elements(DimsOf(native->desc())) != count) return nullptr;
  const bool padded = native->bytes() != static_cast<size_t>(count) * sizeof(float);
  return padded && layouts == Layouts::kUnpadded ? nullptr : native;
}

template <typename Device, typename Dtype>
constexpr bool kHasNative = std::is_same_v<Device, Cpu>&& std::is_same_v<Dtype, float>;

}  // namespace

template <typename Device, typename Dtype>
struct SameFormat<Device, Dtype>::NativeFormat {
  dnnl::memory::desc desc;
};

template <typename Device, typename Dtype>
SameFormat<Device, Dtype>::SameFormat(SyncedMemory* leader, int64_t count, Layouts layouts)
    : count_(count) {
  if constexpr (kHasNative<Device, Dtype>) {
    const auto native = NativeLeader(*leader, count, layouts);
    if (native == nullptr) return;
    native_format_ = std::make_shared<NativeFormat>(NativeFormat{native->desc()});
    count_ = static_cast<int64_t>(native->bytes() / sizeof(Dtype));
  }
}

template <typename Device, typename Dtype>
SameFormat<Device, Dtype>::~SameFormat() {
  for (auto& [native, storage] : written_) {
    Publish({std::static_pointer_cast<DnnlMemory>(native), {}}, storage);
  }
}

template <typename Device, typename Dtype>
const Dtype* SameFormat<Device, Dtype>::Read(SyncedMemory* storage) {
  if (native_format_ != nullptr) {
    const dnnl::memory values = ReadAs(storage, native_format_->desc, ReaderCopy::kRefresh);
    return static_cast<const Dtype*>(values.get_data_handle());
  }
  if constexpr (std::is_same_v<Device, Cpu>)
    return static_cast<const Dtype*>(storage->cpu_data());
  else
    return static_cast<const Dtype*>(storage->gpu_data());
}

template <typename Device, typename Dtype>
Dtype* SameFormat<Device, Dtype>::Write(SyncedMemory* storage) {
  if (native_format_ != nullptr) {
    DnnlOutput out = OutputAs(storage, native_format_->desc);
    written_.emplace_back(out.native, storage);
    return static_cast<Dtype*>(out.memory.get_data_handle());
  }
  if constexpr (std::is_same_v<Device, Cpu>)
    return static_cast<Dtype*>(storage->mutable_cpu_data());
  else
    return static_cast<Dtype*>(storage->mutable_gpu_data());
}

template class SameFormat<Cpu, float>;
template class SameFormat<Cpu, double>;
template class SameFormat<Gpu, float>;
template class SameFormat<Gpu, double>;

}  // namespace caffe
