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
  const CudnnConvolution& v = convolution;
  return out.h == OutputSize(in.h, v.pad_h, v.dilation_h, filter.h, v.stride_h) &&
         out.w == OutputSize(in.w, v.pad_w, v.dilation_w, filter.w, v.stride_w) && in.n == out.n &&
         filter.k == out.c && filter.c * v.groups == in.c && out.c % v.groups == 0 &&
         IsPacked(in) && IsPacked(out);
}

bool ConvolutionShape::RoundsToTf32() const {
  const char* const forbidden = std::getenv("NVIDIA_TF32_OVERRIDE");
  return in.type == CUDNN_DATA_FLOAT && convolution.math != CUDNN_FMA_MATH &&
         Setting("TF32", 0) != 0 && (forbidden == nullptr || std::string(forbidden) != "0");
}

template <typename T>
CpuConvolution<T>::CpuConvolution(const ConvolutionShape& shape, T alpha, T beta)
    : shape_(shape),
      alpha_(alpha),
      beta_(beta),
      in_channels_(shape.in.c / shape.convolution.groups),
      out_channels_(shape.out.c / shape.convolution.groups),
      taps_(in_channels_ * shape.filter.h * shape.filter.w),
      places_(shape.out.h * shape.out.w) {}

template <typename T>
template <typename F>
void CpuConvolution<T>::ForEachGroup(const F& f) const {
  for (int n = 0; n < shape_.in.n; ++n) {
    for (int g = 0; g < shape_.convolution.groups; ++g) {
      const size_t in = (size_t(n) * shape_.in.c + g * in_channels_) * shape_.in.h * shape_.in.w;
      const size_t out = (size_t(n) * shape_.out.c + g * out_channels_) * places_;
      f(in, out, size_t(g) * out_channels_ * taps_);
    }
  }
}

template <typename T>
template <typename F>
void CpuConvolution<T>::ForEachTap(const F& f) const {
  const CudnnConvolution& v = shape_.convolution;
  size_t patch = 0;
  for (int c = 0; c < in_channels_; ++c) {
    for (int i = 0; i < shape_.filter.h; ++i) {
      for (int j = 0; j < shape_.filter.w; ++j) {
        for (int y = 0; y < shape_.out.h; ++y) {
          const int row = y * v.stride_h - v.pad_h + i * v.dilation_h;
          if (row < 0 || row >= shape_.in.h) {
            patch += shape_.out.w;
            continue;
          }
          const size_t begin = (size_t(c) * shape_.in.h + row) * shape_.in.w;
          for (int x = 0; x < shape_.out.w; ++x, ++patch) {
            const int column = x * v.stride_w - v.pad_w + j * v.dilation_w;
            if (column >= 0 && column < shape_.in.w) f(patch, begin + column);
          }
        }
      }
    }
  }
}

template <typename T>
void CpuConvolution<T>::Forward(const T* in, const T* filter, T* out) const {
  const bool rounds = shape_.RoundsToTf32();
  const std::vector<T> x = Operand(in, Count(shape_.in), rounds);
  const std::vector<T> w = Operand(filter, Count(shape_.filter), rounds);
  if (beta_ == T(0)) std::fill_n(out, Count(shape_.out), T(0));
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
  const std::vector<T> w = Operand(filter, Count(shape_.filter), rounds);
  const std::vector<T> dy = Operand(out_diff, Count(shape_.out), rounds);
  std::vector<T> patches(size_t(taps_) * places_), sum(Count(shape_.in));
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
  const std::vector<T> x = Operand(in, Count(shape_.in), rounds);
  const std::vector<T> dy = Operand(out_diff, Count(shape_.out), rounds);
  std::vector<T> patches(size_t(taps_) * places_), sum(Count(shape_.filter));
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
