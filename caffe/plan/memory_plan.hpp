#ifndef CAFFE_PLAN_MEMORY_PLAN_HPP_
#define CAFFE_PLAN_MEMORY_PLAN_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/common.hpp"

namespace caffe {

template <typename Dtype>
class Net;
class SyncedMemory;

/// Gives the memory of a net's blobs back as soon as a pass has no more use for it, so that what
/// comes later in the pass takes its place:
///
///   backward  values and gradients, when the first of the layers that touch them has run
///   forward   of a net that never runs backward: values, when the last such layer has run;
///             of another: values that the backward pass can work out again from others at the
///             cost of reading these, when the last such layer has run; and what a layer copied
///             of its weights to another layout
///
/// Kept are the blobs of layers without bottoms (who may fill them only once), the net's inputs
/// and outputs, what carries a loss, the weights, and gradients that one of their layers does not
/// write in each pass. On the CPU only; on a GPU it does nothing.
template <typename Dtype>
class MemoryPlan {
 public:
  /// @param forward_only  the net never runs backward
  MemoryPlan(const Net<Dtype>& net, bool forward_only);

  /// To be called when the layers first to last have run.
  void AfterForward(int first, int last) const;
  /// To be called before a layer runs backward by itself: makes again what it may read.
  void BeforeBackward(int layer) const;
  void AfterBackward(int first, int last) const;

 private:
  /// What is known of one of the net's blobs.
  struct Use {
    /// Layers that have it as a top or as a bottom.
    int first = -1, last = -1;
    bool keep_data = false, keep_diff = false;
  };

  void Keep(const std::vector<Blob<Dtype>*>& blobs);
  void KeepUnwrittenDiffs();
  template <typename Storage, typename IsDead, typename Action>
  void ForEachDead(int first, int last, const Storage& storage_of, const IsDead& is_dead,
                   const Action& act) const;
  void DropCopiesOfWeights(int first, int last) const;

  const Net<Dtype>& net_;
  const bool forward_only_;
  std::vector<Use> uses_;  // as Net::blobs()

  DISABLE_COPY_AND_ASSIGN(MemoryPlan);
};

}  // namespace caffe

#endif  // CAFFE_PLAN_MEMORY_PLAN_HPP_
