#ifndef CAFFE_SOLVER_FUSED_UPDATE_HPP_
#define CAFFE_SOLVER_FUSED_UPDATE_HPP_

#include <cstdint>
#include <span>
#include <vector>

#include "caffe/blob.hpp"
#include "solver/fused_update_kernels.hpp"
#include "solver/param_actions.hpp"

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
    /// As many blobs as the rule remembers numbers of a weight.
    std::vector<Blob<Dtype>*> history;
    Dtype lr_mult;
    Dtype decay;  // weight_decay * decay_mult
    /// Names the random sequence of its single weights; see WeightStreams.
    uint64_t random_stream = 0;
  };
  /// What changes from one iteration to the next.
  struct Iteration {
    Dtype rate = 0;
    /// Factor of every gradient before the weight decay is added.
    Dtype gradient_scale = 1;
    /// Leave in the diffs what was subtracted from the weights.
    bool store_update = false;
    /// One for each parameter; empty: whole updates.
    std::span<const ParamAction> actions;
    /// A bit for each channel of the masks; may be empty where no action needs one.
    std::span<const uint32_t> keep_words;
    /// Probability that a single weight is left where it is, and what the draws follow from.
    double weight_drop_rate = 0;
    uint64_t seed = 0;
    int64_t number = 0;
  };

  FusedUpdate(const UpdateRule& rule, Regularization regularization,
              const std::vector<Param>& params, const std::vector<ParamMask>& masks);

  /// Updates all parameters on the current device.
  void Apply(const Iteration& iteration);

 private:
  template <typename Device>
  void ApplyOn(const Iteration& iteration);
  template <typename Device>
  std::vector<UpdateSlot<Dtype>> MakeSlots(const Iteration& iteration) const;
  void WriteStep(const Iteration& iteration);

  UpdateRule rule_;
  Regularization regularization_;
  std::vector<Param> params_;
  std::vector<ParamMask> masks_;
  std::vector<UpdateSlot<Dtype>> slots_;  // as last written to slot_memory_
  int num_chunks_ = 0;
  SyncedMemory slot_memory_, chunk_memory_;
  shared_ptr<SyncedMemory> step_memory_;
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_FUSED_UPDATE_HPP_
