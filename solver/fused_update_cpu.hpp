#ifndef CAFFE_SOLVER_FUSED_UPDATE_CPU_HPP_
#define CAFFE_SOLVER_FUSED_UPDATE_CPU_HPP_

#include <algorithm>

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
    T history[kMaxHistory];
    history[0] = h0[i];
    if constexpr (kHistory > 1) history[1] = h1[i];
    const T update = element(w[i], kTake ? g[i] : T(0), history);
    h0[i] = history[0];
    if constexpr (kHistory > 1) h1[i] = history[1];
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
/// Elements whose masks are spread out at a time.
constexpr int32_t kMaskBlock = 1024;

/// keep[i] = 1 where the keep bit of element begin + i is set, else 0.
template <typename T>
void SpreadMask(const UpdateSlot<T>& slot, const uint32_t* words, int32_t begin, int32_t n,
                T* keep) {
  int32_t channel = begin / slot.inner % slot.channels;
  if (slot.inner == 1) {
    for (int32_t i = 0, run; i < n; i += run, channel = 0) {
      run = slot.channels - channel < n - i ? slot.channels - channel : n - i;
      for (int32_t j = 0; j < run; ++j) keep[i + j] = KeepBit(words, channel + j) ? T(1) : T(0);
    }
    return;
  }
  int32_t run = slot.inner - begin % slot.inner;
  for (int32_t i = 0; i < n; run = slot.inner) {
    const T bit = KeepBit(words, channel) ? T(1) : T(0);
    for (const int32_t end = n - i < run ? n : i + run; i < end; ++i) keep[i] = bit;
    if (++channel == slot.channels) channel = 0;
  }
}

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
T Threshold(const SlotStep<T>& step, int32_t part) {
  if (!(step.kept & part)) return T(2);
  return step.dropped & part ? T(0) : T(1);
}

/// Neighbouring elements of different actions.
/// @param moves  for each element 0 or 1, whether its own draw lets it move; null: all do
template <bool kStore, bool kSingleDraws, typename Element, typename T>
void UpdateMixed(const Element& element, const SlotStep<T>& step, int32_t n,
                 const T* __restrict__ keep, const T* __restrict__ moves,
                 const UpdateArrays<T>& arrays) {
  constexpr int kHistory = Element::Rule::kHistory;
  const T take = Threshold(step, kTakeGradient);
  const T renew = Threshold(step, kRenewHistory);
  const T move = Threshold(step, kMoveWeight);
  T* __restrict__ const w = arrays.weight;
  T* __restrict__ const g = arrays.gradient;
  T* __restrict__ const h0 = arrays.history[0];
  [[maybe_unused]] T* __restrict__ const h1 = arrays.history[kHistory - 1];
#pragma omp simd
  for (int32_t i = 0; i < n; ++i) {
    const T gradient = keep[i] >= take ? g[i] : T(0);
    T history[kMaxHistory];
    history[0] = h0[i];
    if constexpr (kHistory > 1) history[1] = h1[i];
    const T update = element(w[i], gradient, history);
    T moved = keep[i] >= move ? update : T(0);
    if constexpr (kSingleDraws) moved = moves[i] != T(0) ? moved : T(0);
    h0[i] = keep[i] >= renew ? history[0] : h0[i];
    if constexpr (kHistory > 1) h1[i] = keep[i] >= renew ? history[1] : h1[i];
    if constexpr (kStore) g[i] = moved;
    w[i] -= moved;
  }
}

/// A block of elements that are treated one by one.
template <typename Rule, bool kStore, typename T>
void UpdateBlock(const UpdateSlot<T>& slot, const UpdateStep<T>& step, const SlotStep<T>& slot_step,
                 int32_t begin, int32_t n) {
  const UpdateElement<Rule, T> element(step, slot, slot_step);
  const UpdateArrays<T> arrays(slot, begin);
  T keep[kMaskBlock];
  if (slot_step.kept != slot_step.dropped)
    SpreadMask(slot, step.keep_words() + slot.first_word, begin, n, keep);
  else
    std::fill(keep, keep + n, T(1));
  if (step.weight_draw.is_on) {
    T moves[kMaskBlock];
    DrawSingleWeights(Philox(slot.random_key, step.iteration), step.weight_draw, begin, n, moves);
    UpdateMixed<kStore, true>(element, slot_step, n, keep, moves, arrays);
  } else {
    UpdateMixed<kStore, false, decltype(element), T>(element, slot_step, n, keep, nullptr, arrays);
  }
}

template <typename Rule, bool kStore, typename T>
void UpdateChunkOnCpu(const UpdateChunk& chunk, const UpdateSlot<T>& slot,
                      const UpdateStep<T>& step) {
  const SlotStep<T>& slot_step = step.slot_steps()[chunk.slot];
  const bool masked = slot_step.kept != slot_step.dropped;
  const bool single_draws =
      step.weight_draw.is_on && ((slot_step.kept | slot_step.dropped) & kMoveWeight);
  const int32_t end = chunk.begin + chunk.count;
  if (single_draws || (masked && slot.inner < kShortRun)) {
    for (int32_t begin = chunk.begin; begin < end; begin += kMaskBlock) {
      UpdateBlock<Rule, kStore>(slot, step, slot_step, begin, std::min(end - begin, kMaskBlock));
    }
    return;
  }
  const UpdateElement<Rule, T> element(step, slot, slot_step);
  const uint32_t* words = step.keep_words() + slot.first_word;
  for (int32_t begin = chunk.begin, n; begin < end; begin += n) {
    bool keep = true;
    n = masked ? RunLength(slot, words, begin, end, &keep) : end - begin;
    UpdateAlike<kStore>(keep ? slot_step.kept : slot_step.dropped, element, n,
                        UpdateArrays<T>(slot, begin));
  }
}

template <typename Rule, bool kStore, typename T>
void UpdateOnCpu(const UpdateTable<T>& table) {
#pragma omp parallel for schedule(dynamic, 4) if (table.num_chunks > 4)
  for (int32_t c = 0; c < table.num_chunks; ++c) {
    const UpdateChunk& chunk = table.chunks[c];
    UpdateChunkOnCpu<Rule, kStore>(chunk, table.slots[chunk.slot], *table.step);
  }
}

}  // namespace caffe

#endif  // CAFFE_SOLVER_FUSED_UPDATE_CPU_HPP_
