#include "tests/emulated_gpu/cudnn_convolution.hpp"

#include <cblas.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/emulated_gpu/settings.hpp"

namespace emulated_gpu {
namespace {

/// Row-major, without gaps: c = op(a) op(b) * alpha + beta * c.
void Product(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha,
             const float* a, const float* b, float beta, float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, ta == CblasNoTrans ? k : m, b,
              tb == CblasNoTrans ? n : k, beta, c, n);
}

void Product(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha,
             const double* a, const double* b, double beta, double* c) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, ta == CblasNoTrans ? k : m, b,
              tb == CblasNoTrans ? n : k, beta, c, n);
}

/// To the nearest number with 10 bits behind the point.
float ToTf32(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  bits = (bits + 0xfff + ((bits >> 13) & 1)) & ~uint32_t(0x1fff);
  std::memcpy(&value, &bits, sizeof(bits));
  return value;
}

template <typename T>
std::vector<T> Operand(const T* values, size_t count, bool rounds) {
  std::vector<T> result(values, values + count);
  if (rounds) {
    for (T& value : result) value = static_cast<T>(ToTf32(static_cast<float>(value)));
  }
  return result;
}

int OutputSize(int in, int pad, int dilation, int kernel, int stride) {
  return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
}

template <typename T>
void Store(const std::vector<T>& sum, T beta, T* target) {
  for (size_t i = 0; i < sum.size(); ++i) {
    target[i] = sum[i] + (beta == T(0) ? T(0) : beta * target[i]);
  }
}

}  // namespace

bool ConvolutionShape::IsConsistent() const {
  for (int i = 0; i < 3; ++i) {
    if (out[i] != OutputSize(in[i], pad[i], dilation[i], kernel[i], stride[i])) return false;
  }
  return groups > 0 && in_channels % groups == 0 && out_channels % groups == 0;
}

bool ConvolutionShape::RoundsToTf32() const {
  const char* const forbidden = std::getenv("NVIDIA_TF32_OVERRIDE");
  return type == CUDNN_DATA_FLOAT && Setting("TF32", 0) != 0 &&
         (forbidden == nullptr || std::string(forbidden) != "0");
}

template <typename T>
CpuConvolution<T>::CpuConvolution(const ConvolutionShape& shape, T alpha, T beta)
    : shape_(shape),
      alpha_(alpha),
      beta_(beta),
      in_channels_(shape.in_channels / shape.groups),
      out_channels_(shape.out_channels / shape.groups),
      taps_(in_channels_ * static_cast<int>(ConvolutionShape::Product(shape.kernel))),
      places_(static_cast<int>(ConvolutionShape::Product(shape.out))) {}

template <typename T>
template <typename F>
void CpuConvolution<T>::ForEachGroup(const F& f) const {
  const size_t plane = ConvolutionShape::Product(shape_.in);
  for (int n = 0; n < shape_.num; ++n) {
    for (int g = 0; g < shape_.groups; ++g) {
      const size_t in = (size_t(n) * shape_.in_channels + g * in_channels_) * plane;
      const size_t out = (size_t(n) * shape_.out_channels + g * out_channels_) * places_;
      f(in, out, size_t(g) * out_channels_ * taps_);
    }
  }
}

template <typename T>
template <typename F>
void CpuConvolution<T>::ForEachTap(const F& f) const {
  const ConvolutionShape& s = shape_;
  // Where tap k of window o lies on an axis, or -1 outside of the image.
  const auto place = [&s](int axis, int o, int k) {
    const int at = o * s.stride[axis] - s.pad[axis] + k * s.dilation[axis];
    return at < s.in[axis] ? at : -1;
  };
  size_t patch = 0;
  for (int c = 0; c < in_channels_; ++c) {
    for (int i = 0; i < s.kernel[0]; ++i) {
      for (int j = 0; j < s.kernel[1]; ++j) {
        for (int k = 0; k < s.kernel[2]; ++k) {
          for (int z = 0; z < s.out[0]; ++z) {
            const int slice = place(0, z, i);
            for (int y = 0; y < s.out[1]; ++y) {
              const int row = place(1, y, j);
              if (slice < 0 || row < 0) {
                patch += s.out[2];
                continue;
              }
              const size_t begin = ((size_t(c) * s.in[0] + slice) * s.in[1] + row) * s.in[2];
              for (int x = 0; x < s.out[2]; ++x, ++patch) {
                const int column = place(2, x, k);
                if (column >= 0) f(patch, begin + column);
              }
            }
          }
        }
      }
    }
  }
}

template <typename T>
void CpuConvolution<T>::Forward(const T* in, const T* filter, T* out) const {
  const bool rounds = shape_.RoundsToTf32();
  const std::vector<T> x = Operand(in, shape_.in_count(), rounds);
  const std::vector<T> w = Operand(filter, shape_.filter_count(), rounds);
  if (beta_ == T(0)) std::fill_n(out, shape_.out_count(), T(0));
  std::vector<T> patches(size_t(taps_) * places_);
  ForEachGroup([&](size_t in_offset, size_t out_offset, size_t filter_offset) {
    ForEachTap([&](size_t patch, size_t i) { patches[patch] = x[in_offset + i]; });
    Product(CblasNoTrans, CblasNoTrans, out_channels_, places_, taps_, alpha_,
            w.data() + filter_offset, patches.data(), beta_, out + out_offset);
  });
}

template <typename T>
void CpuConvolution<T>::BackwardData(const T* filter, const T* out_diff, T* in_diff) const {
  const bool rounds = shape_.RoundsToTf32();
  const std::vector<T> w = Operand(filter, shape_.filter_count(), rounds);
  const std::vector<T> dy = Operand(out_diff, shape_.out_count(), rounds);
  std::vector<T> patches(size_t(taps_) * places_), sum(shape_.in_count());
  ForEachGroup([&](size_t in_offset, size_t out_offset, size_t filter_offset) {
    Product(CblasTrans, CblasNoTrans, taps_, places_, out_channels_, alpha_,
            w.data() + filter_offset, dy.data() + out_offset, T(0), patches.data());
    ForEachTap([&](size_t patch, size_t i) { sum[in_offset + i] += patches[patch]; });
  });
  Store(sum, beta_, in_diff);
}

template <typename T>
void CpuConvolution<T>::BackwardFilter(const T* in, const T* out_diff, T* filter_diff) const {
  const bool rounds = shape_.RoundsToTf32();
  const std::vector<T> x = Operand(in, shape_.in_count(), rounds);
  const std::vector<T> dy = Operand(out_diff, shape_.out_count(), rounds);
  std::vector<T> patches(size_t(taps_) * places_), sum(shape_.filter_count());
  ForEachGroup([&](size_t in_offset, size_t out_offset, size_t filter_offset) {
    ForEachTap([&](size_t patch, size_t i) { patches[patch] = x[in_offset + i]; });
    Product(CblasNoTrans, CblasTrans, out_channels_, taps_, places_, alpha_, dy.data() + out_offset,
            patches.data(), T(1), sum.data() + filter_offset);
  });
  Store(sum, beta_, filter_diff);
}

template class CpuConvolution<float>;
template class CpuConvolution<double>;

}  // namespace emulated_gpu
