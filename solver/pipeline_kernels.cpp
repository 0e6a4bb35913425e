#include "solver/pipeline_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

namespace {

CAFFE_HD inline bool IsKept(const ChannelBits& bits, int64_t row) {
  if (bits.channels == 0) return true;
  const int64_t c = row % bits.channels;
  return bits.words[c / 32] >> (c % 32) & 1;
}

template <typename Device, typename Rule, typename Dtype>
void RunRule(int64_t n, Rule rule, Dtype* g, const HistoryArrays<Dtype>& history) {
  Dtype* const first = history.number[0];
  Dtype* const second = history.number[1];
  if constexpr (Rule::kHistory == 1)
    ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { g[i] = rule(g[i], first[i]); });
  else
    ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { g[i] = rule(g[i], first[i], second[i]); });
}

}  // namespace

template <typename Device, typename Dtype>
void add_decay(int64_t n, Regularization kind, Dtype decay, const Dtype* w, Dtype* g) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { g[i] = AddDecay(g[i], w[i], decay, kind); });
}

template <typename Device, typename Dtype>
void apply_rule(int64_t n, const UpdateRule& rule, Dtype eta, Dtype* g,
                const HistoryArrays<Dtype>& history) {
  const RuleConstants<Dtype> constants = rule.constants<Dtype>();
  switch (rule.kind) {
    case UpdateRule::Kind::kSgd:
      return RunRule<Device>(n, SgdRule<Dtype>(constants, eta), g, history);
    case UpdateRule::Kind::kNesterov:
      return RunRule<Device>(n, NesterovRule<Dtype>(constants, eta), g, history);
    case UpdateRule::Kind::kAdaGrad:
      return RunRule<Device>(n, AdaGradRule<Dtype>(constants, eta), g, history);
    case UpdateRule::Kind::kRmsProp:
      return RunRule<Device>(n, RmsPropRule<Dtype>(constants, eta), g, history);
    case UpdateRule::Kind::kAdaDelta:
      return RunRule<Device>(n, AdaDeltaRule<Dtype>(constants, eta), g, history);
    case UpdateRule::Kind::kAdam:
      return RunRule<Device>(n, AdamRule<Dtype>(constants, eta), g, history);
  }
}

template <typename Device, typename Dtype>
void scale_channels(int64_t n, const ChannelBits& bits, Dtype kept_factor, Dtype dropped_factor,
                    Dtype* x) {
  const int64_t inner = bits.channels == 0 ? n : bits.inner;
  if (inner == 0) return;
  ForEachPlane<Device>(n / inner, inner, [=] CAFFE_HD(int64_t p, int64_t k) {
    const Dtype factor = IsKept(bits, p) ? kept_factor : dropped_factor;
    const Dtype scaled = x[p * inner + k] * factor;
    x[p * inner + k] = factor == Dtype(0) ? Dtype(0) : scaled;
  });
}

template <typename Device, typename Dtype>
void drop_single_weights(int64_t n, const Philox& random, const WeightDraw& draw, Dtype* x) {
  ForEach<Device>((n + 3) / 4, [=] CAFFE_HD(int64_t b) {
    const Philox::Block words = random.block(uint64_t(b));
    for (int w = 0; w < 4; ++w) {
      if (4 * b + w < n && !draw.Moves(words.word[w])) x[4 * b + w] = Dtype(0);
    }
  });
}

template <typename Device, typename Dtype>
void restore_dropped(int64_t n, const ChannelBits& bits, const Dtype* saved, Dtype* x) {
  ForEachPlane<Device>(n / bits.inner, bits.inner, [=] CAFFE_HD(int64_t p, int64_t k) {
    const int64_t i = p * bits.inner + k;
    x[i] = IsKept(bits, p) ? x[i] : saved[i];
  });
}

#define INSTANTIATE(Device, Dtype)                                                                \
  template void add_decay<Device, Dtype>(int64_t n, Regularization kind, Dtype decay,             \
                                         const Dtype* w, Dtype* g);                               \
  template void apply_rule<Device, Dtype>(int64_t n, const UpdateRule& rule, Dtype eta, Dtype* g, \
                                          const HistoryArrays<Dtype>& history);                   \
  template void scale_channels<Device, Dtype>(int64_t n, const ChannelBits& bits,                 \
                                              Dtype kept_factor, Dtype dropped_factor, Dtype* x); \
  template void drop_single_weights<Device, Dtype>(int64_t n, const Philox& random,               \
                                                   const WeightDraw& draw, Dtype* x);             \
  template void restore_dropped<Device, Dtype>(int64_t n, const ChannelBits& bits,                \
                                               const Dtype* saved, Dtype* x);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
