#include "solver/fused_update_kernels.hpp"

#include <type_traits>

#include "caffe/device/launch.hpp"
#include "solver/fused_update_cpu.hpp"
#include "solver/update_element.hpp"

namespace caffe {

namespace {

template <typename T>
struct alignas(4 * sizeof(T)) Quad {
  T value[4];
};

/// The numbers of a weight, its gradient and history for four neighbouring elements.
template <typename Rule, typename T>
struct QuadOperands {
  Quad<T> weight, gradient, history[Rule::kHistory];

  /// Elements begin to begin + n; all four at once where that can be.
  CAFFE_HD void Load(const UpdateSlot<T>& slot, int32_t begin, int32_t n) {
    LoadOne(slot.weight + begin, n, slot.vectorised, &weight);
    LoadOne(slot.gradient + begin, n, slot.vectorised, &gradient);
    for (int k = 0; k < Rule::kHistory; ++k) {
      LoadOne(slot.history[k] + begin, n, slot.vectorised, &history[k]);
    }
  }
  CAFFE_HD void Store(const UpdateSlot<T>& slot, int32_t begin, int32_t n,
                      bool store_gradient) const {
    StoreOne(weight, n, slot.vectorised, slot.weight + begin);
    if (store_gradient) StoreOne(gradient, n, slot.vectorised, slot.gradient + begin);
    for (int k = 0; k < Rule::kHistory; ++k) {
      StoreOne(history[k], n, slot.vectorised, slot.history[k] + begin);
    }
  }

 private:
  CAFFE_HD static void LoadOne(const T* from, int32_t n, bool vectorised, Quad<T>* to) {
    if (n == 4 && vectorised) {
      *to = *reinterpret_cast<const Quad<T>*>(from);
    } else {
      for (int32_t i = 0; i < 4; ++i) to->value[i] = i < n ? from[i] : T(0);
    }
  }
  CAFFE_HD static void StoreOne(const Quad<T>& from, int32_t n, bool vectorised, T* to) {
    if (n == 4 && vectorised) {
      *reinterpret_cast<Quad<T>*>(to) = from;
    } else {
      for (int32_t i = 0; i < 4; ++i) {
        if (i < n) to[i] = from.value[i];
      }
    }
  }
};

/// Four neighbouring elements by one GPU thread.
template <typename Rule, bool kStore, typename T>
struct UpdateQuad {
  UpdateTable<T> table;

  CAFFE_HD void operator()(int64_t chunk_index, int64_t quad_index) const {
    const UpdateChunk chunk = table.chunks[chunk_index];
    const int32_t first = static_cast<int32_t>(quad_index) * 4;
    const int32_t left = chunk.count - first;
    if (left <= 0) return;
    const UpdateSlot<T>& slot = table.slots[chunk.slot];
    const SlotStep<T>& slot_step = table.step->slot_steps()[chunk.slot];
    const int32_t begin = chunk.begin + first;
    int32_t actions[4];
    FindActions(slot, slot_step, begin, actions);
    if (table.step->weight_draw.is_on) DrawSingleWeights(slot, begin, actions);
    if (!kStore && !((actions[0] | actions[1] | actions[2] | actions[3]) & kRenewHistory)) return;
    const int32_t n = left < 4 ? left : 4;
    QuadOperands<Rule, T> operands;
    operands.Load(slot, begin, n);
    Update(UpdateElement<Rule, T>(*table.step, slot, slot_step), actions, &operands);
    operands.Store(slot, begin, n, kStore);
  }

  CAFFE_HD void FindActions(const UpdateSlot<T>& slot, const SlotStep<T>& slot_step, int32_t begin,
                            int32_t* actions) const {
    for (int32_t i = 0; i < 4; ++i) actions[i] = slot_step.kept;
    if (slot_step.kept == slot_step.dropped) return;
    const uint32_t* words = table.step->keep_words() + slot.first_word;
    const uint32_t inner = slot.inner;
    const uint32_t row = uint32_t(begin) / inner;
    uint32_t place = uint32_t(begin) - row * inner;
    int32_t channel = int32_t(row % uint32_t(slot.channels));
    for (int32_t i = 0; i < 4; ++i) {
      if (!KeepBit(words, channel)) actions[i] = slot_step.dropped;
      if (++place == inner) {
        place = 0;
        if (++channel == slot.channels) channel = 0;
      }
    }
  }

  CAFFE_HD void DrawSingleWeights(const UpdateSlot<T>& slot, int32_t begin,
                                  int32_t* actions) const {
    const Philox random(slot.random_key, table.step->iteration);
    const Philox::Block words = random.block(uint64_t(begin / 4));
    for (int32_t i = 0; i < 4; ++i) {
      if (!table.step->weight_draw.Moves(words.word[i])) actions[i] &= ~kMoveWeight;
    }
  }

  CAFFE_HD void Update(const UpdateElement<Rule, T>& element, const int32_t* actions,
                       QuadOperands<Rule, T>* operands) const {
    for (int32_t i = 0; i < 4; ++i) {
      T& w = operands->weight.value[i];
      T& g = operands->gradient.value[i];
      const T gradient = actions[i] & kTakeGradient ? g : T(0);
      const bool renew = actions[i] & kRenewHistory;
      T update, first = operands->history[0].value[i];
      if constexpr (Rule::kHistory == 1) {
        update = element(w, gradient, first);
      } else {
        T second = operands->history[1].value[i];
        update = element(w, gradient, first, second);
        if (renew) operands->history[1].value[i] = second;
      }
      if (renew) operands->history[0].value[i] = first;
      const T moved = actions[i] & kMoveWeight ? update : T(0);
      g = moved;
      w -= moved;
    }
  }
};

template <typename Device, typename Rule, bool kStore, typename T>
void RunUpdate(const UpdateTable<T>& table) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    UpdateOnCpu<Rule, kStore>(table);
  } else {
    ForEachPlane<Gpu>(table.num_chunks, kUpdateChunk / 4, UpdateQuad<Rule, kStore, T>{table});
  }
}

template <typename Device, typename Rule, typename T>
void RunRule(bool store_update, const UpdateTable<T>& table) {
  if (store_update)
    RunUpdate<Device, Rule, true>(table);
  else
    RunUpdate<Device, Rule, false>(table);
}

}  // namespace

template <typename Device, typename Dtype>
void fused_update(UpdateRule::Kind rule, bool store_update, const UpdateTable<Dtype>& table) {
  switch (rule) {
    case UpdateRule::Kind::kSgd:
      return RunRule<Device, SgdRule<Dtype>>(store_update, table);
    case UpdateRule::Kind::kNesterov:
      return RunRule<Device, NesterovRule<Dtype>>(store_update, table);
    case UpdateRule::Kind::kAdaGrad:
      return RunRule<Device, AdaGradRule<Dtype>>(store_update, table);
    case UpdateRule::Kind::kRmsProp:
      return RunRule<Device, RmsPropRule<Dtype>>(store_update, table);
    case UpdateRule::Kind::kAdaDelta:
      return RunRule<Device, AdaDeltaRule<Dtype>>(store_update, table);
    case UpdateRule::Kind::kAdam:
      return RunRule<Device, AdamRule<Dtype>>(store_update, table);
  }
}

#define INSTANTIATE(Device, Dtype)                                                    \
  template void fused_update<Device, Dtype>(UpdateRule::Kind rule, bool store_update, \
                                            const UpdateTable<Dtype>& table);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
