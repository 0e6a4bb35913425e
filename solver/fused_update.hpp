#ifndef CAFFE_SOLVER_FUSED_UPDATE_HPP_
#define CAFFE_SOLVER_FUSED_UPDATE_HPP_

#include <cstdint>
#include <vector>

#include "caffe/blob.hpp"
#include "solver/fused_update_kernels.hpp"

namespace caffe {

/// The one driver of all known update rules: a single pass over all learnable parameters that
/// scales the gradient, adds the weight decay, applies the rule, masks channels and subtracts.
/// On the GPU this is one kernel launch; what changes from iteration to iteration travels in
/// one small copy.
template <typename Dtype>
class FusedUpdate {
 public:
  struct Param {
    Blob<Dtype>* weight;  // and its gradient
    Blob<Dtype>* history;
    Dtype lr_mult;
    Dtype decay;  // weight_decay * decay_mult
  };
  /// Which elements of a parameter the keep bits speak of; see UpdateSlot.
  struct Mask {
    int param_id;
    int64_t inner;
    int channels;
    int first_word;
  };

  FusedUpdate(const UpdateRule& rule, Regularization regularization,
              const std::vector<Param>& params, const std::vector<Mask>& masks);

  /// Updates all parameters on the current device.
  /// @param gradient_scale  factor of every gradient before the weight decay is added
  /// @param store_update    leave in the diffs what was subtracted from the weights
  /// @param keep_words      a bit for each channel of the masks; may be empty without masks
  void Apply(Dtype rate, Dtype gradient_scale, bool store_update,
             const std::vector<uint32_t>& keep_words);

 private:
  template <typename Device>
  void ApplyOn(bool store_update);
  template <typename Device>
  std::vector<UpdateSlot<Dtype>> MakeSlots(bool store_update) const;
  void WriteStep(Dtype rate, Dtype gradient_scale, const std::vector<uint32_t>& keep_words);

  UpdateRule rule_;
  Regularization regularization_;
  std::vector<Param> params_;
  std::vector<Mask> masks_;
  std::vector<UpdateSlot<Dtype>> slots_;  // as last written to slot_memory_
  int num_chunks_ = 0;
  SyncedMemory slot_memory_, chunk_memory_;
  shared_ptr<SyncedMemory> step_memory_;
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_FUSED_UPDATE_HPP_
