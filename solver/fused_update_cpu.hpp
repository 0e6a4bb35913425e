#ifndef CAFFE_SOLVER_FUSED_UPDATE_CPU_HPP_
#define CAFFE_SOLVER_FUSED_UPDATE_CPU_HPP_

#include <omp.h>

#include <algorithm>
#include <vector>

#include "solver/update_element.hpp"

/// The CPU's traversal of the fused update: threads over chunks, vectors over runs of elements
/// that are treated alike.

namespace caffe {

/// The arrays of a parameter from one element on.
template <typename T>
struct UpdateArrays {
  T* weight;
  T* gradient;
  T* history[kMaxHistory];

  UpdateArrays(const UpdateSlot<T>& slot, int32_t begin)
      : weight(slot.weight + begin), gradient(slot.gradient + begin) {
    for (int k = 0; k < kMaxHistory; ++k) {
      history[k] = slot.history[k] == nullptr ? nullptr : slot.history[k] + begin;
    }
  }
};

/// n elements of one action, which renews the history.
template <bool kTake, bool kMove, bool kStore, typename Element, typename T>
void UpdateRun(const Element& element, int32_t n, const UpdateArrays<T>& arrays) {
  constexpr int kHistory = Element::Rule::kHistory;
  T* __restrict__ const w = arrays.weight;
  T* __restrict__ const g = arrays.gradient;
  T* __restrict__ const h0 = arrays.history[0];
  [[maybe_unused]] T* __restrict__ const h1 = arrays.history[kHistory - 1];
#pragma omp simd
  for (int32_t i = 0; i < n; ++i) {
    const T gradient = kTake ? g[i] : T(0);
    T update, first = h0[i];
    if constexpr (kHistory == 1) {
      update = element(w[i], gradient, first);
    } else {
      T second = h1[i];
      update = element(w[i], gradient, first, second);
      h1[i] = second;
    }
    h0[i] = first;
    if constexpr (kStore) g[i] = kMove ? update : T(0);
    if constexpr (kMove) w[i] -= update;
  }
}

/// n elements of one action.
template <bool kStore, typename Element, typename T>
void UpdateAlike(int32_t action, const Element& element, int32_t n, const UpdateArrays<T>& arrays) {
  if (!(action & kRenewHistory)) {
    if constexpr (kStore) {
      for (int32_t i = 0; i < n; ++i) arrays.gradient[i] = T(0);
    }
    return;
  }
  const bool take = action & kTakeGradient, move = action & kMoveWeight;
  if (take && move)
    UpdateRun<true, true, kStore>(element, n, arrays);
  else if (take)
    UpdateRun<true, false, kStore>(element, n, arrays);
  else if (move)
    UpdateRun<false, true, kStore>(element, n, arrays);
  else
    UpdateRun<false, false, kStore>(element, n, arrays);
}

/// Length of the run of equal keep bits that starts at `begin`, at most up to `end`.
template <typename T>
int32_t RunLength(const UpdateSlot<T>& slot, const uint32_t* words, int32_t begin, int32_t end,
                  bool* keep) {
  int32_t channel = begin / slot.inner % slot.channels;
  int64_t stop = begin - begin % slot.inner + int64_t{slot.inner};
  *keep = KeepBit(words, channel);
  while (stop < end) {
    if (++channel == slot.channels) channel = 0;
    if (KeepBit(words, channel) != *keep) break;
    stop += slot.inner;
  }
  return static_cast<int32_t>((stop < end ? stop : end) - begin);
}

/// Channels shorter than this are masked element by element instead of run by run.
constexpr int32_t kShortRun = 32;

/// The keep bits of a slot, spread out to a number for each element: 1 or 0. Each thread has one;
/// as the bits repeat along the slot, it is mostly there already.
class MaskPattern {
 public:
  /// The numbers of elements begin to begin + n; good until the next call.
  template <typename T>
  const uint8_t* Elements(int32_t slot_index, const UpdateSlot<T>& slot, const uint32_t* words,
                          int32_t begin, int32_t n) {
    const int64_t period = int64_t{slot.inner} * slot.channels;
    if (period > kLongest) {
      slot_index_ = -1;
      keep_.resize(n);
      Spread(slot, words, begin, n);
      return keep_.data();
    }
    if (slot_index_ != slot_index) {
      slot_index_ = slot_index;
      keep_.resize(period);
      Spread(slot, words, 0, static_cast<int32_t>(period));
    }
    const size_t first = begin % period, end = first + n;
    while (keep_.size() < end) {
      const size_t size = keep_.size();
      keep_.resize(std::min(size + (size - size % period), end + period));
      std::copy_n(keep_.begin() + size % period, keep_.size() - size, keep_.begin() + size);
    }
    return keep_.data() + first;
  }

 private:
  static constexpr int64_t kLongest = 65536;

  template <typename T>
  void Spread(const UpdateSlot<T>& slot, const uint32_t* words, int32_t begin, int32_t n) {
    int32_t channel = begin / slot.inner % slot.channels;
    int32_t run = slot.inner - begin % slot.inner;
    for (int32_t i = 0; i < n; run = slot.inner) {
      const uint8_t bit = KeepBit(words, channel);
      for (const int32_t end = n - i < run ? n : i + run; i < end; ++i) keep_[i] = bit;
      if (++channel == slot.channels) channel = 0;
    }
  }

  int32_t slot_index_ = -1;
  std::vector<uint8_t> keep_;
};

/// Elements whose own draws are made at a time.
constexpr int32_t kDrawBlock = 1024;

/// moves[i] = 1 where the draw for element begin + i lets it move, else 0. Rounds n up to a
/// multiple of 4; begin is one.
template <typename T>
void DrawSingleWeights(const Philox& random, const WeightDraw& draw, int32_t begin, int32_t n,
                       T* moves) {
  const uint64_t first_block = static_cast<uint64_t>(begin / 4);
#pragma omp simd
  for (int32_t b = 0; b < (n + 3) / 4; ++b) {
    const Philox::Block words = random.block(first_block + b);
    for (int w = 0; w < 4; ++w) moves[4 * b + w] = draw.Moves(words.word[w]) ? T(1) : T(0);
  }
}

/// What the keep value of an element must reach for a part of the update to happen: 0 where
/// both actions have the part, 1 where only kept elements have it, 2 where neither has.
template <typename T>
uint8_t Threshold(const SlotStep<T>& step, int32_t part) {
  if (!(step.kept & part)) return 2;
  return step.dropped & part ? 0 : 1;
}

/// Neighbouring elements of different actions.
/// @param moves  for each element 0 or 1, whether its own draw lets it move; null: all do
template <bool kStore, bool kSingleDraws, typename Element, typename T>
void UpdateMixed(const Element& element, const SlotStep<T>& step, int32_t n,
                 const uint8_t* __restrict__ keep, const T* __restrict__ moves,
                 const UpdateArrays<T>& arrays) {
  constexpr int kHistory = Element::Rule::kHistory;
  const uint8_t take = Threshold(step, kTakeGradient);
  const uint8_t renew = Threshold(step, kRenewHistory);
  const uint8_t move = Threshold(step, kMoveWeight);
  T* __restrict__ const w = arrays.weight;
  T* __restrict__ const g = arrays.gradient;
  T* __restrict__ const h0 = arrays.history[0];
  [[maybe_unused]] T* __restrict__ const h1 = arrays.history[kHistory - 1];
  // Every operand is loaded whatever the mask says, so that the loads are plain ones.
#pragma omp simd
  for (int32_t i = 0; i < n; ++i) {
    const T loaded = g[i];
    const T gradient = keep[i] >= take ? loaded : T(0);
    const T old_first = h0[i];
    T update, first = old_first;
    if constexpr (kHistory == 1) {
      update = element(w[i], gradient, first);
    } else {
      const T old_second = h1[i];
      T second = old_second;
      update = element(w[i], gradient, first, second);
      h1[i] = keep[i] >= renew ? second : old_second;
    }
    h0[i] = keep[i] >= renew ? first : old_first;
    T moved = keep[i] >= move ? update : T(0);
    if constexpr (kSingleDraws) moved = moves[i] != T(0) ? moved : T(0);
    if constexpr (kStore) g[i] = moved;
    w[i] -= moved;
  }
}

/// A chunk in which neighbours may differ: short channels, or draws for single weights.
template <bool kStore, typename Element, typename T>
void UpdateOneByOne(const UpdateChunk& chunk, const UpdateSlot<T>& slot, const UpdateStep<T>& step,
                    const SlotStep<T>& slot_step, MaskPattern* pattern) {
  const Element element(step, slot, slot_step);
  uint8_t all_kept[kDrawBlock];
  T moves[kDrawBlock];
  const bool masked = slot_step.kept != slot_step.dropped;
  const uint8_t* keep = all_kept;
  if (masked) {
    keep = pattern->Elements(chunk.slot, slot, step.keep_words() + slot.first_word, chunk.begin,
                             chunk.count);
  }
  if (!step.weight_draw.is_on) {
    UpdateMixed<kStore, false, Element, T>(element, slot_step, chunk.count, keep, nullptr,
                                           {slot, chunk.begin});
    return;
  }
  if (!masked) std::fill_n(all_kept, kDrawBlock, uint8_t{1});
  const Philox random(slot.random_key, step.iteration);
  for (int32_t done = 0; done < chunk.count; done += kDrawBlock) {
    const int32_t begin = chunk.begin + done, n = std::min(chunk.count - done, kDrawBlock);
    DrawSingleWeights(random, step.weight_draw, begin, n, moves);
    UpdateMixed<kStore, true, Element, T>(element, slot_step, n, masked ? keep + done : keep, moves,
                                          {slot, begin});
  }
}

template <bool kStore, typename Element, typename T>
void UpdateChunkOnCpu(const UpdateChunk& chunk, const UpdateSlot<T>& slot,
                      const UpdateStep<T>& step, MaskPattern* pattern) {
  const SlotStep<T>& slot_step = step.slot_steps()[chunk.slot];
  const bool masked = slot_step.kept != slot_step.dropped;
  const bool single_draws =
      step.weight_draw.is_on && ((slot_step.kept | slot_step.dropped) & kMoveWeight);
  if (single_draws || (masked && slot.inner < kShortRun)) {
    UpdateOneByOne<kStore, Element>(chunk, slot, step, slot_step, pattern);
    return;
  }
  const Element element(step, slot, slot_step);
  const uint32_t* words = step.keep_words() + slot.first_word;
  const int32_t end = chunk.begin + chunk.count;
  for (int32_t begin = chunk.begin, n; begin < end; begin += n) {
    bool keep = true;
    n = masked ? RunLength(slot, words, begin, end, &keep) : end - begin;
    UpdateAlike<kStore>(keep ? slot_step.kept : slot_step.dropped, element, n,
                        UpdateArrays<T>(slot, begin));
  }
}

template <typename Rule, bool kStore, typename T>
void UpdateOnCpu(const UpdateTable<T>& table) {
  // Long stretches, for the memory's sake; short enough that a late thread delays nobody.
  const int stretch = std::clamp(table.num_chunks / (8 * omp_get_max_threads()), 1, 32);
#pragma omp parallel if (table.num_chunks > 4)
  {
    MaskPattern pattern;
#pragma omp for schedule(dynamic, stretch)
    for (int32_t c = 0; c < table.num_chunks; ++c) {
      const UpdateChunk& chunk = table.chunks[c];
      const UpdateSlot<T>& slot = table.slots[chunk.slot];
      if (slot.l1_decay == T(0)) {
        UpdateChunkOnCpu<kStore, UpdateElement<Rule, T, false>>(chunk, slot, *table.step, &pattern);
      } else {
        UpdateChunkOnCpu<kStore, UpdateElement<Rule, T, true>>(chunk, slot, *table.step, &pattern);
      }
    }
  }
}

}  // namespace caffe

#endif  // CAFFE_SOLVER_FUSED_UPDATE_CPU_HPP_
