#ifndef CAFFE_NATIVE_SAME_FORMAT_HPP_
#define CAFFE_NATIVE_SAME_FORMAT_HPP_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "caffe/syncedmem.hpp"

namespace caffe {

/// The layouts that an operation can work in.
enum class Layouts {
  kAll,       // for operations that make zeros of zeros, as padding has to stay zero
  kUnpadded,  // those in which every element is one of the blob
  kPlain,     // for operations that number their elements
};

/// The operands of an element-wise operation, all in the layout of the newest values of the first
/// of them: the plain one, or, for single precision on the CPU, that of an engine. So a chain
/// of such operations between two convolutions converts nothing.
///
///   SameFormat<Device, Dtype> format(bottom[0]->data().get(), bottom[0]->count(), Layouts::kAll);
///   const Dtype* x = format.Read(bottom[0]->data().get());
///   relu_forward<Device>(format.count(), slope, x, format.Write(top[0]->data().get()));
///
/// What is written counts as written when the object goes out of scope. A storage may be read
/// and written.
template <typename Device, typename Dtype>
class SameFormat {
 public:
  /// @param count    of elements that the operands have
  /// @param layouts  that the operation can work in
  SameFormat(SyncedMemory* leader, int64_t count, Layouts layouts);
  ~SameFormat();
  SameFormat(const SameFormat&) = delete;
  SameFormat& operator=(const SameFormat&) = delete;

  /// Elements to run over, padding included.
  int64_t count() const { return count_; }
  const Dtype* Read(SyncedMemory* storage);
  Dtype* Write(SyncedMemory* storage);

 private:
  int64_t count_;
  struct NativeFormat;
  std::shared_ptr<const NativeFormat> native_format_;  // null: plain
  std::vector<std::pair<std::shared_ptr<NativeCopy>, SyncedMemory*>> written_;
};

}  // namespace caffe

#endif  // CAFFE_NATIVE_SAME_FORMAT_HPP_
