#ifndef CAFFE_BLOCKED_POOLING_HPP_
#define CAFFE_BLOCKED_POOLING_HPP_

#include <vector>

#include "caffe/layers/pooling_kernels.hpp"
#include "caffe/syncedmem.hpp"

namespace caffe {

/// MAX and AVE pooling of values in channel blocks on the CPU, in single precision; for other
/// number types it declines. Results are those of the plain kernels to the bit for MAX, and to
/// rounding for AVE.
template <typename Dtype>
class BlockedPooling {
 public:
  enum class Method { kMax, kAverage };

  /// @return false, having done nothing, if the newest values of x are not in channel blocks.
  bool Forward(Method method, const PoolShape& shape, int channels, SyncedMemory* x,
               SyncedMemory* y);
  /// Whether the last Forward was done here.
  bool ran() const { return ran_; }
  void set_ran(bool ran) { ran_ = ran; }
  void Backward(Method method, const PoolShape& shape, SyncedMemory* dy, SyncedMemory* dx) const;

 private:
  bool ran_ = false;
  int block_ = 0;
  /// Of kMax: the place h * width + w of each maximum, in the layout of y.
  std::vector<int> origin_;
  /// oneDNN's dimensions of x and y.
  std::vector<int64_t> x_dims_, y_dims_;
};

}  // namespace caffe

#endif  // CAFFE_BLOCKED_POOLING_HPP_
