#ifndef TESTS_CAFFE_LAYERS_CONV_REFERENCE_HPP_
#define TESTS_CAFFE_LAYERS_CONV_REFERENCE_HPP_

#include <cmath>
#include <cstdint>
#include <vector>

namespace caffe {

/// A convolution written out as loops over every (item, output channel, output position, input
/// channel, tap), over any number of axes.
struct ReferenceConv {
  int num, in_channels, out_channels, group;
  std::vector<int> in, kernel, stride, pad, dilation;

  std::vector<int> out() const {
    std::vector<int> sizes;
    for (size_t a = 0; a < in.size(); ++a) {
      int positions = 0;
      for (int at = -pad[a]; at + dilation[a] * (kernel[a] - 1) < in[a] + pad[a]; at += stride[a]) {
        ++positions;
      }
      sizes.push_back(positions);
    }
    return sizes;
  }

  static int Size(const std::vector<int>& dims) {
    int size = 1;
    for (const int dim : dims) size *= dim;
    return size;
  }

  /// Calls f(input index, weight index, output index) for each product that is added to an
  /// output.
  template <typename F>
  void ForEachProduct(const F& f) const {
    const std::vector<int> out_dims = out();
    const int in_size = Size(in), out_size = Size(out_dims), taps = Size(kernel);
    const int group_in = in_channels / group, group_out = out_channels / group;
    for (int n = 0; n < num; ++n) {
      for (int o = 0; o < out_channels; ++o) {
        for (int p = 0; p < out_size; ++p) {
          for (int c = 0; c < group_in; ++c) {
            for (int t = 0; t < taps; ++t) {
              const int at = InputPosition(p, t, out_dims);
              if (at < 0) continue;
              const int channel = o / group_out * group_in + c;
              f((n * in_channels + channel) * in_size + at, (o * group_in + c) * taps + t,
                (n * out_channels + o) * out_size + p);
            }
          }
        }
      }
    }
  }

 private:
  /// -1 where tap t of output p lies in the padding.
  int InputPosition(int p, int t, const std::vector<int>& out_dims) const {
    int at = 0, step = 1;
    for (int a = static_cast<int>(in.size()) - 1; a >= 0; --a) {
      const int x = p % out_dims[a] * stride[a] - pad[a] + t % kernel[a] * dilation[a];
      if (x < 0 || x >= in[a]) return -1;
      at += x * step;
      step *= in[a];
      p /= out_dims[a];
      t /= kernel[a];
    }
    return at;
  }
};

/// Sums of products in double, and how far a sum in lower precision may be off: every one of
/// n additions and products adds a relative error of epsilon to a partial sum.
struct ReferenceSums {
  std::vector<double> value, magnitude;
  std::vector<int> terms;

  explicit ReferenceSums(int n) : value(n), magnitude(n), terms(n) {}
  void Add(int i, double term) {
    value[i] += term;
    magnitude[i] += std::abs(term);
    ++terms[i];
  }
  double Bound(int i, double epsilon) const {
    return epsilon * (terms[i] + 1) * (magnitude[i] + std::abs(value[i]));
  }
};

}  // namespace caffe

#endif  // TESTS_CAFFE_LAYERS_CONV_REFERENCE_HPP_
