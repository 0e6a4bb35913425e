#include "caffe/native/channel_norm.hpp"

#include <algorithm>
#include <type_traits>

namespace caffe {

namespace {

/// Sums in single precision run over so many positions before they go on in double precision.
constexpr int64_t kRun = 64;

/// Calls f with the block size as a compile-time constant.
template <typename F>
auto WithBlock(int block, const F& f) {
  if (block == 16) return f(std::integral_constant<int, 16>());
  return f(std::integral_constant<int, 8>());
}

/// Calls f with the flags as compile-time constants.
template <typename F>
void WithFlags(const F& f) {
  f();
}
template <typename F, typename... Flags>
void WithFlags(const F& f, bool flag, Flags... flags) {
  if (flag) {
    WithFlags([&f](auto... rest) { f(std::true_type(), rest...); }, flags...);
  } else {
    WithFlags([&f](auto... rest) { f(std::false_type(), rest...); }, flags...);
  }
}

template <int kBlock>
ChannelVector<kBlock> Load(const float* from) {
  ChannelVector<kBlock> values;
  __builtin_memcpy(&values, from, sizeof(values));
  return values;
}

template <int kBlock>
void Store(const ChannelVector<kBlock>& values, float* to) {
  __builtin_memcpy(to, &values, sizeof(values));
}

template <int kBlock>
void AddTo(const ChannelVector<kBlock>& values, double* sums) {
  for (int c = 0; c < kBlock; ++c) sums[c] += double(values[c]);
}

template <int kBlock>
ChannelVector<kBlock> ZeroWhere(const ChannelVector<kBlock>& gate,
                                const ChannelVector<kBlock>& values) {
  return gate > 0.0f ? values : ChannelVector<kBlock>{};
}

/// Runs f(slab, first channel) over all slabs in parallel.
template <typename F>
void ForEachSlab(const ChannelBlocks& shape, const F& f) {
  const int64_t blocks = shape.blocks();
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < shape.slabs(); ++i) f(i, i % blocks * shape.block);
}

/// Adds up pairs of sums that were taken slab by slab; partial has 2 * block values a slab.
void AddSlabs(const ChannelBlocks& shape, const std::vector<double>& partial,
              std::vector<double>* first, std::vector<double>* second) {
  first->assign(shape.padded_channels(), 0);
  second->assign(shape.padded_channels(), 0);
  const double* sums = partial.data();
  for (int64_t n = 0; n < shape.num; ++n) {
    for (int64_t c = 0; c < shape.padded_channels(); c += shape.block, sums += 2 * shape.block) {
      for (int i = 0; i < shape.block; ++i) {
        (*first)[c + i] += sums[i];
        (*second)[c + i] += sums[shape.block + i];
      }
    }
  }
}

/// Two sums by channel: term(slab's first channel, position in the arrays, &a, &b) gives the
/// terms of a position.
template <int kBlock, typename MakeTerm>
void SumPairs(const ChannelBlocks& shape, const MakeTerm& make_term, std::vector<double>* first,
              std::vector<double>* second) {
  std::vector<double> partial(shape.slabs() * 2 * kBlock, 0.0);
  ForEachSlab(shape, [&](int64_t slab, int64_t channel) {
    const auto term = make_term(channel);
    double* sums = partial.data() + slab * 2 * kBlock;
    const int64_t begin = slab * shape.slab(), end = begin + shape.slab();
    for (int64_t i = begin; i < end;) {
      ChannelVector<kBlock> a = {}, b = {};
      for (const int64_t stop = std::min(end, i + kRun * kBlock); i < stop; i += kBlock) {
        term(i, &a, &b);
      }
      AddTo<kBlock>(a, sums);
      AddTo<kBlock>(b, sums + kBlock);
    }
  });
  AddSlabs(shape, partial, first, second);
}

/// The gradient at a place of the arrays, from its sources.
template <int kBlock, typename Relu, typename FromX, typename TwoGradients>
struct GradientAt {
  using Vector = ChannelVector<kBlock>;

  GradientAt(const ChannelAffine& affine, const ChannelGradient& gradient, const float* x,
             int64_t channel)
      : dy(gradient.dy), dy2(gradient.dy2), y(gradient.y), x(x) {
    if constexpr (Relu::value && FromX::value) {
      factor = Load<kBlock>(affine.factor + channel);
      shift = Load<kBlock>(affine.shift + channel);
    }
  }

  Vector operator()(int64_t i) const {
    Vector g = Load<kBlock>(dy + i);
    if constexpr (TwoGradients::value) g += Load<kBlock>(dy2 + i);
    if constexpr (Relu::value) {
      if constexpr (FromX::value) {
        g = ZeroWhere<kBlock>(factor * Load<kBlock>(x + i) + shift, g);
      } else {
        g = ZeroWhere<kBlock>(Load<kBlock>(y + i), g);
      }
    }
    return g;
  }

  const float *dy, *dy2, *y, *x;
  Vector factor, shift;
};

}  // namespace

ChannelMoments MomentsOfChannels(const ChannelBlocks& shape, const float* x) {
  ChannelMoments moments;
  WithBlock(shape.block, [&](auto block) {
    static constexpr int kBlock = decltype(block)::value;
    // Differences to a value of the channel itself, so that a mean that is large against the
    // deviation does not cancel the variance.
    const auto terms = [&](int64_t channel) {
      const auto centre = Load<kBlock>(x + channel * shape.positions);
      return [x, centre](int64_t i, ChannelVector<kBlock>* a, ChannelVector<kBlock>* b) {
        const auto d = Load<kBlock>(x + i) - centre;
        *a += d;
        *b += d * d;
      };
    };
    SumPairs<kBlock>(shape, terms, &moments.mean, &moments.variance);
  });
  const double count = double(shape.num) * double(shape.positions);
  for (int64_t c = 0; c < shape.padded_channels(); ++c) {
    const int64_t block = c / shape.block;
    const double centre = x[block * shape.slab() + c % shape.block];
    const double shift = moments.mean[c] / count;
    moments.mean[c] = centre + shift;
    moments.variance[c] = std::max(0.0, moments.variance[c] / count - shift * shift);
  }
  return moments;
}

void ChannelAffineForward(const ChannelBlocks& shape, const ChannelAffine& affine, const float* x,
                          float* y) {
  WithBlock(shape.block, [&](auto block) {
    static constexpr int kBlock = decltype(block)::value;
    const auto run = [&](auto relu, auto residual) {
      ForEachSlab(shape, [&](int64_t slab, int64_t channel) {
        const auto factor = Load<kBlock>(affine.factor + channel);
        const auto shift = Load<kBlock>(affine.shift + channel);
        const int64_t begin = slab * shape.slab(), end = begin + shape.slab();
        for (int64_t i = begin; i < end; i += kBlock) {
          auto v = factor * Load<kBlock>(x + i) + shift;
          if constexpr (decltype(residual)::value) v += Load<kBlock>(affine.residual + i);
          if constexpr (decltype(relu)::value) v = ZeroWhere<kBlock>(v, v);
          Store<kBlock>(v, y + i);
        }
      });
    };
    WithFlags(run, affine.relu, affine.residual != nullptr);
  });
}

GradientSums SumChannelGradient(const ChannelBlocks& shape, const ChannelAffine& affine,
                                const ChannelGradient& gradient, const float* x,
                                const float* centre, float* g) {
  GradientSums sums;
  WithBlock(shape.block, [&](auto block) {
    static constexpr int kBlock = decltype(block)::value;
    const auto run = [&](auto relu, auto from_x, auto two, auto keep) {
      const auto terms = [&](int64_t channel) {
        const GradientAt<kBlock, decltype(relu), decltype(from_x), decltype(two)> gradient_at(
            affine, gradient, x, channel);
        const auto middle = Load<kBlock>(centre + channel);
        return [=](int64_t i, ChannelVector<kBlock>* a, ChannelVector<kBlock>* b) {
          const auto value = gradient_at(i);
          if constexpr (decltype(keep)::value) Store<kBlock>(value, g + i);
          *a += value;
          *b += value * (Load<kBlock>(x + i) - middle);
        };
      };
      SumPairs<kBlock>(shape, terms, &sums.gradient, &sums.gradient_x);
    };
    WithFlags(run, affine.relu, gradient.y == nullptr, gradient.dy2 != nullptr, g != nullptr);
  });
  return sums;
}

void ChannelAffineBackward(const ChannelBlocks& shape, const ChannelAffine& affine,
                           const ChannelGradient& gradient, const ChannelBackward& backward,
                           const float* x, float* dx) {
  WithBlock(shape.block, [&](auto block) {
    static constexpr int kBlock = decltype(block)::value;
    const auto run = [&](auto relu, auto from_x, auto two, auto has_x) {
      ForEachSlab(shape, [&](int64_t slab, int64_t channel) {
        const GradientAt<kBlock, decltype(relu), decltype(from_x), decltype(two)> gradient_at(
            affine, gradient, x, channel);
        const auto of_gradient = Load<kBlock>(backward.of_gradient + channel);
        ChannelVector<kBlock> of_x = {}, constant = {};
        if constexpr (decltype(has_x)::value) {
          of_x = Load<kBlock>(backward.of_x + channel);
          constant = Load<kBlock>(backward.constant + channel);
        }
        const int64_t begin = slab * shape.slab(), end = begin + shape.slab();
        for (int64_t i = begin; i < end; i += kBlock) {
          auto v = of_gradient * gradient_at(i);
          if constexpr (decltype(has_x)::value) v += of_x * Load<kBlock>(x + i) + constant;
          Store<kBlock>(v, dx + i);
        }
      });
    };
    WithFlags(run, affine.relu, gradient.y == nullptr, gradient.dy2 != nullptr,
              backward.of_x != nullptr);
  });
}

}  // namespace caffe
