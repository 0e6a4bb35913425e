#include "solver/pipeline_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <typename Device, typename Dtype>
void add_decay(int64_t n, Regularization kind, Dtype decay, const Dtype* w, Dtype* g) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { g[i] = AddDecay(g[i], w[i], decay, kind); });
}

template <typename Device, typename Rule, typename Dtype>
void run_rule(int64_t n, Rule rule, Dtype eta, Dtype* g, Dtype* h) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { g[i] = rule(g[i], eta, h[i]); });
}

template <typename Device, typename Dtype>
void apply_rule(int64_t n, const UpdateRule& rule, Dtype eta, Dtype* g, Dtype* h) {
  const Dtype momentum = static_cast<Dtype>(rule.momentum);
  switch (rule.kind) {
    case UpdateRule::Kind::kSgd:
      return run_rule<Device>(n, SgdRule<Dtype>{momentum}, eta, g, h);
    case UpdateRule::Kind::kNesterov:
      return run_rule<Device>(n, NesterovRule<Dtype>{momentum}, eta, g, h);
  }
}

template <typename Device, typename Dtype>
void mask_update(int64_t n, int64_t inner, int64_t channels, const uint32_t* keep_words,
                 Dtype* update) {
  ForEachPlane<Device>(n / inner, inner, [=] CAFFE_HD(int64_t p, int64_t k) {
    const int64_t c = p % channels;
    if (!(keep_words[c / 32] >> (c % 32) & 1)) update[p * inner + k] = Dtype(0);
  });
}

#define INSTANTIATE(Device, Dtype)                                                                \
  template void add_decay<Device, Dtype>(int64_t n, Regularization kind, Dtype decay,             \
                                         const Dtype* w, Dtype* g);                               \
  template void apply_rule<Device, Dtype>(int64_t n, const UpdateRule& rule, Dtype eta, Dtype* g, \
                                          Dtype* h);                                              \
  template void mask_update<Device, Dtype>(int64_t n, int64_t inner, int64_t channels,            \
                                           const uint32_t* keep_words, Dtype* update);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
