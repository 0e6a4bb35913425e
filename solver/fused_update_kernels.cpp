#include "solver/fused_update_kernels.hpp"

#include <type_traits>

#include "caffe/device/launch.hpp"

namespace caffe {

namespace {

CAFFE_HD inline bool KeepBit(const uint32_t* words, int32_t channel) {
  return words[channel >> 5] >> (channel & 31) & 1;
}

/// The maths of one element, the same for every traversal.
template <typename Rule, typename T>
struct UpdateElement {
  Rule rule;
  T eta;
  T gradient_scale;
  T l2_decay, l1_decay;

  CAFFE_HD UpdateElement(const UpdateStep<T>& step, const UpdateSlot<T>& slot)
      : rule{step.momentum},
        eta(step.rate * slot.lr_mult),
        gradient_scale(step.gradient_scale),
        l2_decay(slot.l2_decay),
        l1_decay(slot.l1_decay) {}

  /// What is to be subtracted from w; brings h up to date.
  CAFFE_HD T operator()(T w, T g, T& h) const {
    const T sign = T(w > T(0)) - T(w < T(0));
    return rule(g * gradient_scale + l2_decay * w + l1_decay * sign, eta, h);
  }
};

/// Consecutive elements whose channels are all kept, or all dropped.
template <bool kKeep, bool kStore, typename Element, typename T>
void UpdateRun(const Element& element, int32_t n, T* __restrict__ w, T* __restrict__ g,
               T* __restrict__ h) {
#pragma omp simd
  for (int32_t i = 0; i < n; ++i) {
    T history = h[i];
    const T update = element(w[i], g[i], history);
    h[i] = history;
    if constexpr (kStore) g[i] = kKeep ? update : T(0);
    if constexpr (kKeep) w[i] -= update;
  }
}

/// Length of the run of equal keep bits that starts at `begin`, at most `limit`.
template <typename T>
int32_t RunLength(const UpdateSlot<T>& slot, const uint32_t* words, int32_t begin, int32_t limit,
                  bool* keep) {
  int32_t channel = begin / slot.inner % slot.channels;
  int64_t end = begin - begin % slot.inner + int64_t{slot.inner};
  *keep = KeepBit(words, channel);
  while (end < limit) {
    if (++channel == slot.channels) channel = 0;
    if (KeepBit(words, channel) != *keep) break;
    end += slot.inner;
  }
  return static_cast<int32_t>((end < limit ? end : limit) - begin);
}

/// Channels shorter than this are masked element by element instead of run by run.
constexpr int32_t kShortRun = 32;
/// Elements whose masks are spread out at a time.
constexpr int32_t kMaskBlock = 1024;

/// keep[i] = 1 where element begin + i is updated, else 0.
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

/// Neighbouring elements of many short channels.
template <bool kStore, typename Element, typename T>
void UpdateMixed(const Element& element, int32_t n, const T* __restrict__ keep, T* __restrict__ w,
                 T* __restrict__ g, T* __restrict__ h) {
#pragma omp simd
  for (int32_t i = 0; i < n; ++i) {
    T history = h[i];
    const T update = element(w[i], g[i], history);
    const T masked = keep[i] != T(0) ? update : T(0);
    h[i] = history;
    if constexpr (kStore) g[i] = masked;
    w[i] -= masked;
  }
}

template <typename T>
bool AllKept(const UpdateSlot<T>& slot, const uint32_t* words) {
  for (int32_t i = 0; i < (slot.channels + 31) / 32; ++i) {
    if (words[i] != 0xffffffffu) return false;
  }
  return true;
}

template <typename Rule, bool kStore, typename T>
void UpdateChunkOnCpu(const UpdateChunk& chunk, const UpdateSlot<T>& slot,
                      const UpdateStep<T>& step) {
  const UpdateElement<Rule, T> element(step, slot);
  const uint32_t* words = step.keep_words() + slot.first_word;
  const bool masked = slot.channels > 0 && !AllKept(slot, words);
  const int32_t end = chunk.begin + chunk.count;
  for (int32_t begin = chunk.begin, n; begin < end; begin += n) {
    T* w = slot.weight + begin;
    T* g = slot.gradient + begin;
    T* h = slot.history + begin;
    n = end - begin;
    if (masked && slot.inner < kShortRun) {
      T keep[kMaskBlock];
      if (n > kMaskBlock) n = kMaskBlock;
      SpreadMask(slot, words, begin, n, keep);
      UpdateMixed<kStore>(element, n, keep, w, g, h);
      continue;
    }
    bool keep = true;
    if (masked) n = RunLength(slot, words, begin, end, &keep);
    if (keep)
      UpdateRun<true, kStore>(element, n, w, g, h);
    else
      UpdateRun<false, kStore>(element, n, w, g, h);
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

template <typename T>
struct alignas(4 * sizeof(T)) Quad {
  T value[4];
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
    const int32_t begin = chunk.begin + first;
    if (left >= 4 && slot.vectorised) {
      Quad<T> w = *reinterpret_cast<const Quad<T>*>(slot.weight + begin);
      Quad<T> g = *reinterpret_cast<const Quad<T>*>(slot.gradient + begin);
      Quad<T> h = *reinterpret_cast<const Quad<T>*>(slot.history + begin);
      Update(slot, begin, 4, w.value, g.value, h.value);
      *reinterpret_cast<Quad<T>*>(slot.weight + begin) = w;
      *reinterpret_cast<Quad<T>*>(slot.history + begin) = h;
      if (kStore) *reinterpret_cast<Quad<T>*>(slot.gradient + begin) = g;
    } else {
      Update(slot, begin, left < 4 ? left : 4, slot.weight + begin, slot.gradient + begin,
             slot.history + begin);
    }
  }

  CAFFE_HD void Update(const UpdateSlot<T>& slot, int32_t begin, int32_t n, T* w, T* g,
                       T* h) const {
    const UpdateElement<Rule, T> element(*table.step, slot);
    const uint32_t* words = table.step->keep_words() + slot.first_word;
    const uint32_t inner = slot.inner;
    uint32_t row = uint32_t(begin) / inner;
    uint32_t place = uint32_t(begin) - row * inner;
    int32_t channel = slot.channels > 0 ? int32_t(row % uint32_t(slot.channels)) : 0;
    for (int32_t i = 0; i < 4; ++i) {
      if (i >= n) break;
      const bool keep = slot.channels == 0 || KeepBit(words, channel);
      const T update = element(w[i], g[i], h[i]);
      if (kStore) g[i] = keep ? update : T(0);
      if (keep) w[i] -= update;
      if (++place == inner) {
        place = 0;
        if (++channel == slot.channels) channel = 0;
      }
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
  }
}

#define INSTANTIATE(Device, Dtype)                                                    \
  template void fused_update<Device, Dtype>(UpdateRule::Kind rule, bool store_update, \
                                            const UpdateTable<Dtype>& table);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
