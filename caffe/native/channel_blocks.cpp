#include "caffe/native/channel_blocks.hpp"

#include "caffe/native/dnnl_api.hpp"
#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

dnnl::memory::desc ChannelBlocksDesc(const dnnl::memory::dims& dims, int block) {
  using Tag = dnnl::memory::format_tag;
  constexpr Tag kTags[3][2] = {
      {Tag::nCw8c, Tag::nCw16c}, {Tag::nChw8c, Tag::nChw16c}, {Tag::nCdhw8c, Tag::nCdhw16c}};
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32,
                            kTags[dims.size() - 3][block == 16 ? 1 : 0]);
}

bool HasVectorsOf(int block) {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("x86-64-v4");
  return block < 16 || wide;
#else
  return true;
#endif
}

std::optional<ChannelBlocks> FindChannelBlocks(const dnnl::memory::desc& desc) {
  const dnnl::memory::dims dims = DimsOf(desc);
  if (dims.size() < 3 || dims.size() > 5) return std::nullopt;
  for (const int block : {16, 8}) {
    if (!HasVectorsOf(block) || desc != ChannelBlocksDesc(dims, block)) continue;
    ChannelBlocks found{.num = dims[0], .channels = dims[1], .positions = 1, .block = block};
    for (size_t i = 2; i < dims.size(); ++i) found.positions *= dims[i];
    return found;
  }
  return std::nullopt;
}

std::optional<ChannelBlocks> NewestChannelBlocks(const SyncedMemory& storage, int64_t num,
                                                 int64_t channels, int64_t positions) {
  if (storage.head() != SyncedMemory::HEAD_AT_NATIVE) return std::nullopt;
  const auto* native = dynamic_cast<const DnnlMemory*>(storage.native().get());
  if (native == nullptr) return std::nullopt;
  const std::optional<ChannelBlocks> blocks = native->blocks();
  if (!blocks || blocks->num != num || blocks->channels != channels ||
      blocks->positions != positions) {
    return std::nullopt;
  }
  return blocks;
}

}  // namespace caffe
