#ifndef CAFFE_NATIVE_CHANNEL_BLOCKS_HPP_
#define CAFFE_NATIVE_CHANNEL_BLOCKS_HPP_

#include <cstdint>
#include <dnnl.hpp>
#include <optional>

#include "caffe/syncedmem.hpp"

namespace caffe {

/// num x channels x positions in the layouts that oneDNN calls nChw16c and nChw8c (with one to
/// three spatial axes): for each sample and each block of `block` channels a slab of
/// positions x block values. Channels beyond the last are zero.
struct ChannelBlocks {
  int64_t num = 0;
  int64_t channels = 0;
  int64_t positions = 0;
  int block = 0;

  int64_t blocks() const { return (channels + block - 1) / block; }
  int64_t padded_channels() const { return blocks() * block; }
  int64_t slab() const { return positions * block; }
  int64_t slabs() const { return num * blocks(); }
};

/// The layout of values of 3 to 5 axes in blocks of 8 or 16 channels.
dnnl::memory::desc ChannelBlocksDesc(const dnnl::memory::dims& dims, int block);

/// Whether our kernels for blocks of 8 or 16 channels, a vector each, run on this processor.
bool HasVectorsOf(int block);

/// Empty where the layout is another one, or where HasVectorsOf(block) is false.
std::optional<ChannelBlocks> FindChannelBlocks(const dnnl::memory::desc& desc);

/// The layout of the storage's newest values if these are in channel blocks and of the given
/// size, which tells a storage that is seen through another shape.
std::optional<ChannelBlocks> NewestChannelBlocks(const SyncedMemory& storage, int64_t num,
                                                 int64_t channels, int64_t positions);

}  // namespace caffe

#endif  // CAFFE_NATIVE_CHANNEL_BLOCKS_HPP_
