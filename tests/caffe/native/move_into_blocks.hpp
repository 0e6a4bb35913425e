#ifndef TESTS_CAFFE_NATIVE_MOVE_INTO_BLOCKS_HPP_
#define TESTS_CAFFE_NATIVE_MOVE_INTO_BLOCKS_HPP_

#include <vector>

#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

/// Moves the newest values of a storage, of 3 to 5 axes, into blocks of 8 or 16 channels.
inline void MoveIntoBlocks(SyncedMemory* storage, const std::vector<int>& shape, int block) {
  const dnnl::memory::dims dims(shape.begin(), shape.end());
  ReadAs(storage, ChannelBlocksDesc(dims, block), ReaderCopy::kRefresh);
  storage->set_native(storage->native());
}

}  // namespace caffe

#endif  // TESTS_CAFFE_NATIVE_MOVE_INTO_BLOCKS_HPP_
