#include "caffe/layers/drop_connect_kernels.hpp"

#include <cmath>

#include "caffe/device/launch.hpp"

namespace caffe {

namespace {

constexpr int kBits = 32;  // in a word

CAFFE_HD inline bool Bit(unsigned int word, int j) { return (word >> j) & 1u; }

/// Results of the connections of one word that grow side by side, so that the loop over them is a
/// vector's on the CPU. term(j) is added for all j below `count`, at most kBits.
template <class Dtype, class Term>
CAFFE_HD inline void AddKept(unsigned int word, int count, const Term& term, Dtype* sums) {
  if (count == kBits) {
    for (int j = 0; j < kBits; ++j) {
      const Dtype value = term(j);
      sums[j] += Bit(word, j) ? value : Dtype(0);
    }
  } else {
    for (int j = 0; j < count; ++j) {
      if (Bit(word, j)) sums[j] += term(j);
    }
  }
}

/// Connections from inputs, without the bias, that word w of a row and an output holds.
CAFFE_HD inline int InputsOf(const DropConnectShape& shape, int64_t w) {
  const int64_t left = shape.inputs - w * kBits;
  return int(left < kBits ? left : kBits);
}

}  // namespace

template <class Device>
void draw_bits(int64_t n, Philox random, uint64_t first, uint64_t bound, unsigned int* bits) {
  ForEach<Device>(n, [=] CAFFE_HD(int64_t w) {
    unsigned int word = 0;
    for (int b = 0; b < kBits / 4; ++b) {
      const Philox::Block draw = random.block(first / 4 + uint64_t(w * (kBits / 4) + b));
      for (int j = 0; j < 4; ++j) word |= unsigned(draw.word[j] >= bound) << (4 * b + j);
    }
    bits[w] = word;
  });
}

template <class Device, class Dtype>
void drop_connect_forward(DropConnectShape shape, const unsigned int* bits, const Dtype* weight,
                          const Dtype* bias, const Dtype* x, Dtype* y) {
  const DropConnectShape s = shape;
  const int64_t words = s.words();
  Reduce<Device>(
      s.rows * s.outputs, words, kBits,
      [=] CAFFE_HD(int64_t at, int64_t w, int64_t j) {
        const int64_t i = w * kBits + j;
        const bool kept = Bit(bits[at * words + w], int(j));
        if (!kept || i > s.inputs) return Dtype(0);
        const int64_t row = at / s.outputs, output = at - row * s.outputs;
        if (i == s.inputs) return s.bias ? bias[output] : Dtype(0);
        return weight[output * s.output_step + i * s.input_step] * x[row * s.inputs + i];
      },
      [=] CAFFE_HD(int64_t at, Dtype total) { y[at] = total; });
}

template <class Device, class Dtype>
void drop_connect_backward_input(DropConnectShape shape, const unsigned int* bits,
                                 const Dtype* weight, const Dtype* dy, Dtype* dx) {
  const DropConnectShape s = shape;
  const int64_t words = s.words();
  ForEach<Device>(s.rows * words, [=] CAFFE_HD(int64_t item) {
    const int64_t row = item / words, w = item - row * words;
    const int count = InputsOf(s, w);
    Dtype sums[kBits] = {};
    for (int64_t o = 0; o < s.outputs; ++o) {
      const Dtype g = dy[row * s.outputs + o];
      const Dtype* from = weight + o * s.output_step + w * kBits * s.input_step;
      AddKept(
          bits[(row * s.outputs + o) * words + w], count,
          [=](int j) { return g * from[j * s.input_step]; }, sums);
    }
    for (int j = 0; j < count; ++j) dx[row * s.inputs + w * kBits + j] = sums[j];
  });
}

template <class Device, class Dtype>
void drop_connect_backward_weight(DropConnectShape shape, const unsigned int* bits, const Dtype* x,
                                  const Dtype* dy, Dtype* dweight) {
  const DropConnectShape s = shape;
  const int64_t words = s.words();
  ForEach<Device>(s.outputs * words, [=] CAFFE_HD(int64_t item) {
    const int64_t output = item / words, w = item - output * words;
    const int count = InputsOf(s, w);
    Dtype sums[kBits] = {};
    for (int64_t row = 0; row < s.rows; ++row) {
      const Dtype g = dy[row * s.outputs + output];
      const Dtype* from = x + row * s.inputs + w * kBits;
      AddKept(
          bits[(row * s.outputs + output) * words + w], count, [=](int j) { return g * from[j]; },
          sums);
    }
    Dtype* const to = dweight + output * s.output_step + w * kBits * s.input_step;
    for (int j = 0; j < count; ++j) to[j * s.input_step] += sums[j];
  });
}

template <class Device, class Dtype>
void drop_connect_backward_bias(DropConnectShape shape, const unsigned int* bits, const Dtype* dy,
                                Dtype* dbias) {
  const DropConnectShape s = shape;
  const int64_t words = s.words();
  const int64_t word = s.inputs / kBits;
  const int bit = int(s.inputs % kBits);
  Reduce<Device>(
      s.outputs, 1, s.rows,
      [=] CAFFE_HD(int64_t output, int64_t, int64_t row) {
        const int64_t at = row * s.outputs + output;
        return Bit(bits[at * words + word], bit) ? dy[at] : Dtype(0);
      },
      [=] CAFFE_HD(int64_t output, Dtype total) { dbias[output] += total; });
}

template <class Device, class Dtype>
void gaussian_relu(DropConnectShape shape, Dtype keep, const Dtype* weight, const Dtype* bias,
                   const Dtype* x, Dtype* y) {
  const DropConnectShape s = shape;
  Reduce<Device>(
      s.rows * s.outputs, 1, s.inputs,
      [=] CAFFE_HD(int64_t at, int64_t, int64_t i) {
        const int64_t row = at / s.outputs, output = at - row * s.outputs;
        const Dtype term =
            weight[output * s.output_step + i * s.input_step] * x[row * s.inputs + i];
        return term * term;
      },
      [=] CAFFE_HD(int64_t at, Dtype squares) {
        const Dtype b = s.bias ? bias[at % s.outputs] : Dtype(0);
        const Dtype deviation = std::sqrt(keep * (Dtype(1) - keep) * (squares + b * b));
        const Dtype mean = y[at];
        if (!(deviation > Dtype(0))) {
          y[at] = mean <= Dtype(0) ? Dtype(0) : mean;
          return;
        }
        // E max(0, u) = mean P(z < t) + deviation density(t) with t = mean / deviation.
        const Dtype t = mean / deviation;
        const Dtype below = Dtype(0.5) * std::erfc(-t * Dtype(0.7071067811865476));
        const Dtype density = Dtype(0.3989422804014327) * std::exp(Dtype(-0.5) * t * t);
        y[at] = mean * below + deviation * density;
      });
}

#define INSTANTIATE_DRAWS(Device) \
  template void draw_bits<Device>(int64_t, Philox, uint64_t, uint64_t, unsigned*);
CAFFE_INSTANTIATE_DEVICES(INSTANTIATE_DRAWS)

#define INSTANTIATE(Device, Dtype)                                                                \
  template void drop_connect_forward<Device, Dtype>(                                              \
      DropConnectShape, const unsigned*, const Dtype*, const Dtype*, const Dtype*, Dtype*);       \
  template void drop_connect_backward_input<Device, Dtype>(DropConnectShape, const unsigned*,     \
                                                           const Dtype*, const Dtype*, Dtype*);   \
  template void drop_connect_backward_weight<Device, Dtype>(DropConnectShape, const unsigned*,    \
                                                            const Dtype*, const Dtype*, Dtype*);  \
  template void drop_connect_backward_bias<Device, Dtype>(DropConnectShape, const unsigned*,      \
                                                          const Dtype*, Dtype*);                  \
  template void gaussian_relu<Device, Dtype>(DropConnectShape, Dtype, const Dtype*, const Dtype*, \
                                             const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
