#ifndef CAFFE_NATIVE_BLOCK_FORMAT_HPP_
#define CAFFE_NATIVE_BLOCK_FORMAT_HPP_

#include <memory>
#include <utility>
#include <vector>

#include "caffe/blob.hpp"

namespace caffe {

enum class BlobPart { kData, kDiff };

/// The operands of an operation that moves whole channels (axis 1), such as a concatenation: plain,
/// or, for single precision on the CPU, all in channel blocks. In blocks that no operand fills with
/// padding a sample is one run of memory in both forms, its channels in order, so the same copying
/// serves both.
///
/// What is written counts as written when the object goes out of scope. A blob may be read and
/// written.
template <typename Device, typename Dtype>
class BlockFormat {
 public:
  using Part = BlobPart;

  /// Chooses channel blocks if one of the leaders has its newest values there, and if all operands
  /// can be in blocks of that size.
  BlockFormat(Part part, const std::vector<Blob<Dtype>*>& leaders,
              const std::vector<Blob<Dtype>*>& operands);
  ~BlockFormat();
  BlockFormat(const BlockFormat&) = delete;
  BlockFormat& operator=(const BlockFormat&) = delete;

  /// Channels in a block; 1 in plain memory.
  int block() const { return block_ == 0 ? 1 : block_; }
  const Dtype* Read(const Blob<Dtype>& blob);
  Dtype* Write(Blob<Dtype>* blob);

 private:
  SyncedMemory* Storage(const Blob<Dtype>& blob) const;

  Part part_;
  int block_ = 0;  // 0: plain
  std::vector<std::pair<std::shared_ptr<NativeCopy>, SyncedMemory*>> written_;
};

}  // namespace caffe

#endif  // CAFFE_NATIVE_BLOCK_FORMAT_HPP_
