#include "caffe/native/apply_activation.hpp"

#include "caffe/util/fast_math.hpp"

namespace caffe {

namespace {

template <typename Dtype, typename F>
void Apply(int64_t count, const Dtype* residual, Dtype* y, const F& f) {
  if (residual != nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) y[i] = f(y[i] + residual[i]);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) y[i] = f(y[i]);
  }
}

/// A NaN stays one.
template <typename Dtype>
Dtype Limit(Dtype x, Dtype low, Dtype high) {
  const Dtype above = x <= low ? low : x;
  return above >= high ? high : above;
}

}  // namespace

template <typename Dtype>
void ApplyActivation(const Activation& activation, int64_t count, const Dtype* residual, Dtype* y) {
  const auto low = Dtype(activation.low), high = Dtype(activation.high);
  const auto beta = Dtype(activation.beta);
  switch (activation.kind) {
    case Activation::Kind::kNone:
      if (residual != nullptr) Apply(count, residual, y, [](Dtype x) { return x; });
      return;
    case Activation::Kind::kRelu:
      return Apply(count, residual, y, [](Dtype x) { return x <= 0 ? Dtype(0) : x; });
    case Activation::Kind::kRelu6:
      return Apply(count, residual, y, [](Dtype x) { return Limit<Dtype>(x, 0, 6); });
    case Activation::Kind::kClip:
      return Apply(count, residual, y, [=](Dtype x) { return Limit(x, low, high); });
    case Activation::Kind::kSwish:
      return Apply(count, residual, y,
                   [=](Dtype x) { return x / (Dtype(1) + FastExp(-beta * x)); });
  }
}

template void ApplyActivation(const Activation&, int64_t, const float*, float*);
template void ApplyActivation(const Activation&, int64_t, const double*, double*);

}  // namespace caffe
