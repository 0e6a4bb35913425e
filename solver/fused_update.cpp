#include "solver/fused_update.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/device/blob_access.hpp"

namespace caffe {

namespace {

template <typename Dtype>
std::vector<UpdateChunk> MakeChunks(const std::vector<typename FusedUpdate<Dtype>::Param>& params) {
  std::vector<UpdateChunk> chunks;
  for (size_t slot = 0; slot < params.size(); ++slot) {
    const int count = params[slot].weight->count();
    for (int64_t begin = 0; begin < count; begin += kUpdateChunk) {
      chunks.push_back({static_cast<int32_t>(slot), static_cast<int32_t>(begin),
                        static_cast<int32_t>(std::min<int64_t>(kUpdateChunk, count - begin))});
    }
  }
  return chunks;
}

template <typename Dtype>
bool IsAligned(const Dtype* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % (4 * sizeof(Dtype)) == 0;
}

}  // namespace

template <typename Dtype>
FusedUpdate<Dtype>::FusedUpdate(const UpdateRule& rule, Regularization regularization,
                                const std::vector<Param>& params,
                                const std::vector<ParamMask>& masks)
    : rule_(rule),
      regularization_(regularization),
      params_(params),
      masks_(masks),
      slot_memory_(std::max<size_t>(1, params.size()) * sizeof(UpdateSlot<Dtype>)),
      chunk_memory_(std::max<size_t>(1, MakeChunks<Dtype>(params).size()) * sizeof(UpdateChunk)) {
  const std::vector<UpdateChunk> chunks = MakeChunks<Dtype>(params);
  num_chunks_ = static_cast<int>(chunks.size());
  std::copy(chunks.begin(), chunks.end(),
            static_cast<UpdateChunk*>(chunk_memory_.mutable_cpu_data()));
}

template <typename Dtype>
void FusedUpdate<Dtype>::Apply(const Iteration& iteration) {
  WriteStep(iteration);
  if (Caffe::mode() == Caffe::GPU)
    ApplyOn<Gpu>(iteration);
  else
    ApplyOn<Cpu>(iteration);
}

template <typename Dtype>
void FusedUpdate<Dtype>::WriteStep(const Iteration& iteration) {
  const size_t slots_size = params_.size() * sizeof(SlotStep<Dtype>);
  const size_t size =
      sizeof(UpdateStep<Dtype>) + slots_size + iteration.keep_words.size() * sizeof(uint32_t);
  if (!step_memory_ || step_memory_->size() != size) {
    step_memory_ = std::make_shared<SyncedMemory>(size);
  }
  auto* step = static_cast<UpdateStep<Dtype>*>(step_memory_->mutable_cpu_data());
  *step = {static_cast<uint64_t>(iteration.number),
           WeightDraw(iteration.weight_drop_rate),
           iteration.rate,
           iteration.gradient_scale,
           rule_.constants<Dtype>(),
           static_cast<int64_t>(params_.size())};
  auto* slot_steps = const_cast<SlotStep<Dtype>*>(step->slot_steps());
  for (size_t i = 0; i < params_.size(); ++i) {
    const ParamAction action = iteration.actions.empty() ? ParamAction{} : iteration.actions[i];
    slot_steps[i] = {static_cast<Dtype>(action.gradient_factor), action.kept, action.dropped};
  }
  std::copy(iteration.keep_words.begin(), iteration.keep_words.end(),
            const_cast<uint32_t*>(step->keep_words()));
}

template <typename Dtype>
template <typename Device>
std::vector<UpdateSlot<Dtype>> FusedUpdate<Dtype>::MakeSlots(const Iteration& iteration) const {
  std::vector<UpdateSlot<Dtype>> slots;
  for (const Param& param : params_) {
    UpdateSlot<Dtype> slot = {};
    slot.weight = MutableData<Device>(param.weight);
    slot.gradient = iteration.store_update ? MutableDiff<Device>(param.weight)
                                           : const_cast<Dtype*>(Diff<Device>(*param.weight));
    slot.vectorised = IsAligned(slot.weight) && IsAligned(slot.gradient);
    for (size_t k = 0; k < param.history.size(); ++k) {
      slot.history[k] = MutableData<Device>(param.history[k]);
      slot.vectorised &= IsAligned(slot.history[k]);
    }
    slot.random_key = RandomKey(iteration.seed, RandomPurpose::kDropWeight, param.random_stream);
    slot.lr_mult = param.lr_mult;
    (regularization_ == Regularization::kL2 ? slot.l2_decay : slot.l1_decay) = param.decay;
    slot.inner = 1;
    slots.push_back(slot);
  }
  for (const ParamMask& mask : masks_) {
    UpdateSlot<Dtype>& slot = slots[mask.param_id];
    slot.inner = static_cast<int32_t>(mask.inner);
    slot.channels = mask.channels;
    slot.first_word = mask.first_word;
  }
  return slots;
}

template <typename Dtype>
template <typename Device>
void FusedUpdate<Dtype>::ApplyOn(const Iteration& iteration) {
  // Memory may have moved since the last time, after a Reshape or a change of device; mostly
  // it has not, and the table on the device is still good.
  std::vector<UpdateSlot<Dtype>> slots = MakeSlots<Device>(iteration);
  if (slots != slots_) {
    slots_ = std::move(slots);
    std::copy(slots_.begin(), slots_.end(),
              static_cast<UpdateSlot<Dtype>*>(slot_memory_.mutable_cpu_data()));
  }
  const auto on_device = [](SyncedMemory* memory) {
    if constexpr (std::is_same_v<Device, Cpu>)
      return memory->cpu_data();
    else
      return memory->gpu_data();
  };
  UpdateTable<Dtype> table;
  table.slots = static_cast<const UpdateSlot<Dtype>*>(on_device(&slot_memory_));
  table.chunks = static_cast<const UpdateChunk*>(on_device(&chunk_memory_));
  table.num_chunks = num_chunks_;
  table.step = static_cast<const UpdateStep<Dtype>*>(on_device(step_memory_.get()));
  fused_update<Device>(rule_.kind, iteration.store_update, table);
}

template class FusedUpdate<float>;
template class FusedUpdate<double>;

}  // namespace caffe
