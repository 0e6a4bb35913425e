#include "caffe/native/channel_norm_kernels.hpp"

#include "caffe/native/vector_activation.hpp"

// Everything but KernelsFor is local to the file (see channel_norm_kernels.hpp).

namespace caffe::channel_norm {
namespace {

constexpr int kLanes = CAFFE_LANES;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), may_alias, aligned(4)));

/// Sums in single precision run over so many positions before they go on in double precision.
constexpr int64_t kRun = 64 * kLanes;
/// Sums that grow side by side, since each addition waits for the one before.
constexpr int kChains = 2;

inline Vector Load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void Store(Vector value, float* to) { *reinterpret_cast<Vector*>(to) = value; }

inline void AddTo(Vector values, double* sums) {
  for (int c = 0; c < kLanes; ++c) sums[c] += double(values[c]);
}

/// Adds up a pair of terms over a slab: term(i, &a, &b) adds those of the position at element i.
template <typename Term>
inline void SumPairs(Slab slab, const Term& term, double* sums) {
  for (int64_t i = slab.begin; i < slab.end;) {
    const int64_t stop = slab.end - i < kRun ? slab.end : i + kRun;
    Vector a[kChains] = {}, b[kChains] = {};
    for (; i + kChains * kLanes <= stop; i += kChains * kLanes) {
      for (int k = 0; k < kChains; ++k) term(i + k * kLanes, &a[k], &b[k]);
    }
    for (; i < stop; i += kLanes) term(i, &a[0], &b[0]);
    AddTo(a[0] + a[1], sums);
    AddTo(b[0] + b[1], sums + kLanes);
  }
}

void Moments(Slab slab, const float* x, const float* centre, double* sums) {
  const Vector middle = Load(centre);
  const auto term = [=](int64_t i, Vector* a, Vector* b) {
    const Vector d = Load(x + i) - middle;
    *a += d;
    *b += d * d;
  };
  SumPairs(slab, term, sums);
}

template <Activation::Kind kKind, bool kResidual>
void ForwardAs(Slab slab, const ChannelAffine& affine, const float* x, float* y) {
  const Vector factor = Load(affine.factor + slab.channel);
  const Vector shift = Load(affine.shift + slab.channel);
  const float* residual = affine.residual;
  const Activation activation = affine.activation;
  for (int64_t i = slab.begin; i < slab.end; i += kLanes) {
    Vector v = factor * Load(x + i) + shift;
    if constexpr (kResidual) v += Load(residual + i);
    Store(Activate<kKind>(activation, v), y + i);
  }
}

void Forward(Slab slab, const ChannelAffine& affine, const float* x, float* y) {
  WithKind(affine.activation.kind, [&](auto kind) {
    constexpr Activation::Kind kKind = decltype(kind)::kind;
    const bool residual = affine.residual != nullptr;
    (residual ? ForwardAs<kKind, true> : ForwardAs<kKind, false>)(slab, affine, x, y);
  });
}

/// The gradient at a place of the arrays.
/// kFromResult: the activation's slope is seen from y, else from x
template <Activation::Kind kKind, bool kFromResult, bool kTwo>
struct GradientAt {
  GradientAt(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
             const float* x)
      : dy(gradient.dy),
        dy2(gradient.dy2),
        y(gradient.y),
        x(x),
        factor(Load(affine.factor + slab.channel)),
        shift(Load(affine.shift + slab.channel)),
        activation(affine.activation) {}

  inline Vector operator()(int64_t i) const {
    Vector g = Load(dy + i);
    if constexpr (kTwo) g += Load(dy2 + i);
    if constexpr (kKind == Activation::Kind::kNone) return g;
    if constexpr (kFromResult) return TimesSlope<kKind>(activation, Load(y + i), g);
    const Vector v = factor * Load(x + i) + shift;
    return TimesSlope<kKind>(activation, v, g);
  }

  const float *dy, *dy2, *y, *x;
  Vector factor, shift;
  Activation activation;
};

template <typename F>
inline void WithGradient(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
                         const float* x, const F& f) {
  WithKind(affine.activation.kind, [&](auto kind) {
    constexpr Activation::Kind kKind = decltype(kind)::kind;
    const bool two = gradient.dy2 != nullptr;
    if constexpr (kKind == Activation::Kind::kRelu || kKind == Activation::Kind::kRelu6) {
      if (gradient.y != nullptr) {
        if (two) return f(GradientAt<kKind, true, true>(slab, affine, gradient, x));
        return f(GradientAt<kKind, true, false>(slab, affine, gradient, x));
      }
    }
    if (two) return f(GradientAt<kKind, false, true>(slab, affine, gradient, x));
    f(GradientAt<kKind, false, false>(slab, affine, gradient, x));
  });
}

void SumGradient(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
                 const float* x, const float* centre, float* g, double* sums) {
  const Vector middle = Load(centre + slab.channel);
  WithGradient(slab, affine, gradient, x, [&](const auto& gradient_at) {
    if (g != nullptr) {
      const auto term = [=](int64_t i, Vector* a, Vector* b) {
        const Vector value = gradient_at(i);
        Store(value, g + i);
        *a += value;
        *b += value * (Load(x + i) - middle);
      };
      SumPairs(slab, term, sums);
    } else {
      const auto term = [=](int64_t i, Vector* a, Vector* b) {
        const Vector value = gradient_at(i);
        *a += value;
        *b += value * (Load(x + i) - middle);
      };
      SumPairs(slab, term, sums);
    }
  });
}

void Backward(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
              const ChannelBackward& backward, const float* x, float* dx) {
  const Vector of_gradient = Load(backward.of_gradient + slab.channel);
  WithGradient(slab, affine, gradient, x, [&](const auto& gradient_at) {
    if (backward.of_x == nullptr) {
      for (int64_t i = slab.begin; i < slab.end; i += kLanes) {
        Store(of_gradient * gradient_at(i), dx + i);
      }
      return;
    }
    const Vector of_x = Load(backward.of_x + slab.channel);
    const Vector constant = Load(backward.constant + slab.channel);
    for (int64_t i = slab.begin; i < slab.end; i += kLanes) {
      Store(of_gradient * gradient_at(i) + (of_x * Load(x + i) + constant), dx + i);
    }
  });
}

}  // namespace

template <>
Kernels KernelsFor<kLanes>() {
  return {Moments, Forward, SumGradient, Backward};
}

}  // namespace caffe::channel_norm
