#include "caffe/native/channel_norm_kernels.hpp"

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

inline Vector ZeroWhereNotPositive(Vector gate, Vector values) {
  return gate > 0.0f ? values : Vector{};
}

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

template <bool kRelu, bool kResidual>
void ForwardAs(Slab slab, const ChannelAffine& affine, const float* x, float* y) {
  const Vector factor = Load(affine.factor + slab.channel);
  const Vector shift = Load(affine.shift + slab.channel);
  const float* residual = affine.residual;
  for (int64_t i = slab.begin; i < slab.end; i += kLanes) {
    Vector v = factor * Load(x + i) + shift;
    if constexpr (kResidual) v += Load(residual + i);
    if constexpr (kRelu) v = ZeroWhereNotPositive(v, v);
    Store(v, y + i);
  }
}

void Forward(Slab slab, const ChannelAffine& affine, const float* x, float* y) {
  if (affine.residual != nullptr) {
    (affine.relu ? ForwardAs<true, true> : ForwardAs<false, true>)(slab, affine, x, y);
  } else {
    (affine.relu ? ForwardAs<true, false> : ForwardAs<false, false>)(slab, affine, x, y);
  }
}

/// Where the rectifier's gate comes from.
enum class Gate { kNone, kResult, kInput };

/// The gradient at a place of the arrays.
template <Gate kGate, bool kTwo>
struct GradientAt {
  GradientAt(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
             const float* x)
      : dy(gradient.dy), dy2(gradient.dy2), y(gradient.y), x(x), factor{}, shift{} {
    if constexpr (kGate == Gate::kInput) {
      factor = Load(affine.factor + slab.channel);
      shift = Load(affine.shift + slab.channel);
    }
  }

  inline Vector operator()(int64_t i) const {
    Vector g = Load(dy + i);
    if constexpr (kTwo) g += Load(dy2 + i);
    if constexpr (kGate == Gate::kResult) g = ZeroWhereNotPositive(Load(y + i), g);
    if constexpr (kGate == Gate::kInput) {
      g = ZeroWhereNotPositive(factor * Load(x + i) + shift, g);
    }
    return g;
  }

  const float *dy, *dy2, *y, *x;
  Vector factor, shift;
};

template <typename F>
inline void WithGradient(Slab slab, const ChannelAffine& affine, const ChannelGradient& gradient,
                         const float* x, const F& f) {
  const auto with_gate = [&](auto gate_is_none, auto gate_is_result) {
    constexpr Gate kGate = gate_is_none()     ? Gate::kNone
                           : gate_is_result() ? Gate::kResult
                                              : Gate::kInput;
    if (gradient.dy2 != nullptr) {
      f(GradientAt<kGate, true>(slab, affine, gradient, x));
    } else {
      f(GradientAt<kGate, false>(slab, affine, gradient, x));
    }
  };
  constexpr auto yes = [] { return true; };
  constexpr auto no = [] { return false; };
  if (!affine.relu) {
    with_gate(yes, no);
  } else if (gradient.y != nullptr) {
    with_gate(no, yes);
  } else {
    with_gate(no, no);
  }
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
