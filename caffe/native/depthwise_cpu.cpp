#include "caffe/native/depthwise_cpu.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "caffe/native/apply_activation.hpp"
#include "caffe/native/tap_sums.hpp"

// Each plane is copied to scratch memory that stays in the cache, with its padding written out
// and, for a stride s, with its columns split by their remainder mod s. After that every tap reads
// columns that lie side by side, whatever the stride and the dilation are, and no loop asks
// whether it has left the image. A gradient by the input is the same sum over the output's
// gradient, once for each remainder of the input's rows and columns.

namespace caffe {
namespace {

using tap_sums::Tap;

int FloorDiv(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
int CeilDiv(int a, int b) { return -FloorDiv(-a, b); }

/// Whether it is worth waking other threads.
bool IsLarge(const DepthwiseShape& s) {
  return s.num * s.channels * s.h.out * s.w.out * s.h.kernel * s.w.kernel > (1 << 15);
}

/// Room behind the last value for a vector that begins there.
constexpr int kSlack = 32;

/// A plane in scratch memory with its border. Value (y, x) of the plane is element
/// (y + top) * pitch + (x + left) % split * part + (x + left) / split.
struct Layout {
  int rows, cols;  // of the plane
  int top, left;   // border before it
  int height;      // rows with border
  int split;
  int part;   // columns of one remainder, with border
  int pitch;  // split * part

  Layout(int rows, int cols, int top, int left, int height, int width, int split)
      : rows(rows),
        cols(cols),
        top(top),
        left(left),
        height(height),
        split(split),
        part(CeilDiv(width, split)),
        pitch(part * split) {}

  size_t size() const { return size_t(height) * pitch + kSlack; }

  /// Copies the plane's values, as far as they lie within the scratch plane; the border has to
  /// be zero already.
  template <typename T>
  void Fill(const T* plane, T* scratch) const {
    const int last_row = std::min(rows, height - top);
    for (int y = 0; y < last_row; ++y) {
      const T* from = plane + int64_t(y) * cols;
      T* to = scratch + int64_t(y + top) * pitch;
      if (split == 1) {
        std::memcpy(to + left, from, sizeof(T) * std::min(cols, pitch - left));
        continue;
      }
      for (int s = 0; s < split; ++s) {
        // The first column of this remainder, and how many there are.
        const int first = (s - left % split + split) % split, at = (first + left) / split;
        const int count = std::min(CeilDiv(cols - first, split), part - at);
        T* part_row = to + s * part + at;
        if (split == 2) {
          for (int i = 0; i < count; ++i) part_row[i] = from[first + 2 * i];
        } else {
          for (int i = 0; i < count; ++i) part_row[i] = from[first + split * i];
        }
      }
    }
  }
};

/// Extent of the input that the windows of one axis touch, from the first padded position on.
int Reach(const WindowAxis& axis) {
  return (axis.out - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}

/// The input with its padding, columns split by the stride.
Layout InputLayout(const DepthwiseShape& s) {
  return Layout(s.h.in, s.w.in, s.h.pad, s.w.pad, std::max(Reach(s.h), s.h.pad), Reach(s.w),
                s.w.stride);
}

/// Where each tap of the filter reads InputLayout, from place (oy * stride, 0).
std::vector<int64_t> InputOffsets(const DepthwiseShape& s, const Layout& layout) {
  std::vector<int64_t> offsets;
  for (int ky = 0; ky < s.h.kernel; ++ky) {
    for (int kx = 0; kx < s.w.kernel; ++kx) {
      const int x = kx * s.w.dilation;
      offsets.push_back(int64_t(ky) * s.h.dilation * layout.pitch + x % s.w.stride * layout.part +
                        x / s.w.stride);
    }
  }
  return offsets;
}

/// Rows or columns of zeros that the gradient by the input reads before and behind the output's
/// gradient.
struct Border {
  explicit Border(const WindowAxis& a)
      : before(std::max(0, CeilDiv((a.kernel - 1) * a.dilation - a.pad, a.stride))),
        behind(std::max(0, FloorDiv(a.in - 1 + a.pad, a.stride) - (a.out - 1))) {}
  int before, behind;
};

/// The input positions of one remainder mod stride along one axis, and the taps that meet them.
struct Residue {
  int first;  // input position
  int count;
  std::vector<int> taps;
  std::vector<int> shift;  // for each tap, output position of the first input position
};

std::vector<Residue> Residues(const WindowAxis& a) {
  std::vector<Residue> residues(std::min(a.stride, a.in));
  for (int r = 0; r < static_cast<int>(residues.size()); ++r) {
    residues[r].first = r;
    residues[r].count = CeilDiv(a.in - r, a.stride);
    for (int k = 0; k < a.kernel; ++k) {
      const int from = r + a.pad - k * a.dilation;
      if (FloorDiv(from, a.stride) * a.stride != from) continue;
      residues[r].taps.push_back(k);
      residues[r].shift.push_back(FloorDiv(from, a.stride));
    }
  }
  return residues;
}

/// Gradient by the input for one plane after another; one object a thread.
template <typename T>
class DataGradient {
 public:
  explicit DataGradient(const DepthwiseShape& s)
      : shape_(s),
        top_(s.h),
        left_(s.w),
        layout_(s.h.out, s.w.out, top_.before, left_.before, s.h.out + top_.before + top_.behind,
                s.w.out + left_.before + left_.behind, 1),
        rows_(Residues(s.h)),
        cols_(Residues(s.w)),
        padded_(layout_.size()) {
    if (s.w.stride > 1) part_.resize(size_t(rows_[0].count) * s.w.in);
  }

  void Run(const T* dy, const T* filter, T* dx) {
    layout_.Fill(dy, padded_.data());
    const int64_t dx_step = int64_t(shape_.w.in) * shape_.h.stride;
    for (const Residue& row : rows_) {
      for (const Residue& col : cols_) {
        SetTaps(row, col, filter);
        T* out = dx + int64_t(row.first) * shape_.w.in;
        if (shape_.w.stride == 1) {
          tap_sums::Sum(padded_.data(), layout_.pitch, taps_, T(0), row.count, col.count, out,
                        dx_step);
          continue;
        }
        tap_sums::Sum(padded_.data(), layout_.pitch, taps_, T(0), row.count, col.count,
                      part_.data(), col.count);
        Spread(part_.data(), row.count, col.count, out + col.first, dx_step);
      }
    }
  }

 private:
  void SetTaps(const Residue& row, const Residue& col, const T* filter) {
    taps_.clear();
    for (size_t i = 0; i < row.taps.size(); ++i) {
      for (size_t j = 0; j < col.taps.size(); ++j) {
        taps_.push_back(
            {int64_t(row.shift[i] + top_.before) * layout_.pitch + col.shift[j] + left_.before,
             filter[row.taps[i] * shape_.w.kernel + col.taps[j]]});
      }
    }
  }

  /// Puts columns that lie side by side `stride` apart.
  void Spread(const T* from, int rows, int cols, T* to, int64_t to_step) const {
    for (int r = 0; r < rows; ++r, from += cols, to += to_step) {
      if (shape_.w.stride == 2) {
        for (int j = 0; j < cols; ++j) to[2 * j] = from[j];
      } else {
        for (int j = 0; j < cols; ++j) to[int64_t(j) * shape_.w.stride] = from[j];
      }
    }
  }

  const DepthwiseShape shape_;
  const Border top_, left_;
  const Layout layout_;
  const std::vector<Residue> rows_, cols_;
  std::vector<Tap<T>> taps_;
  std::vector<T> padded_, part_;
};

}  // namespace

template <typename Dtype>
void DepthwiseForwardCpu(const DepthwiseShape& s, const Dtype* x, const Dtype* weights,
                         const Dtype* bias, const DepthwiseTail<Dtype>& tail, Dtype* y) {
  const Layout layout = InputLayout(s);
  const std::vector<int64_t> offsets = InputOffsets(s, layout);
  const int64_t in_size = int64_t(s.h.in) * s.w.in, out_size = int64_t(s.h.out) * s.w.out;
  const int64_t taps = offsets.size();
#pragma omp parallel if (IsLarge(s))
  {
    std::vector<Dtype> padded(layout.size());
    std::vector<Tap<Dtype>> filter(taps);
#pragma omp for schedule(static)
    for (int64_t plane = 0; plane < s.num * s.channels; ++plane) {
      const int64_t c = plane % s.channels;
      layout.Fill(x + plane * in_size, padded.data());
      for (int64_t t = 0; t < taps; ++t) filter[t] = {offsets[t], weights[c * taps + t]};
      tap_sums::Sum(padded.data(), int64_t(layout.pitch) * s.h.stride, filter,
                    bias != nullptr ? bias[c] : Dtype(0), s.h.out, s.w.out, y + plane * out_size,
                    s.w.out);
      const Dtype* residual = tail.residual;
      ApplyActivation(tail.activation, out_size,
                      residual != nullptr ? residual + plane * out_size : nullptr,
                      y + plane * out_size);
    }
  }
}

template <typename Dtype>
void DepthwiseBackwardDataCpu(const DepthwiseShape& s, const Dtype* dy, const Dtype* weights,
                              Dtype* dx) {
  const int64_t in_size = int64_t(s.h.in) * s.w.in, out_size = int64_t(s.h.out) * s.w.out;
  const int64_t taps = int64_t(s.h.kernel) * s.w.kernel;
#pragma omp parallel if (IsLarge(s))
  {
    DataGradient<Dtype> gradient(s);
#pragma omp for schedule(static)
    for (int64_t plane = 0; plane < s.num * s.channels; ++plane) {
      gradient.Run(dy + plane * out_size, weights + plane % s.channels * taps,
                   dx + plane * in_size);
    }
  }
}

template <typename Dtype>
void DepthwiseBackwardWeightsCpu(const DepthwiseShape& s, const std::vector<int>& wanted,
                                 const Dtype* x, const Dtype* dy, Dtype* dw) {
  const Layout layout = InputLayout(s);
  const std::vector<int64_t> offsets = InputOffsets(s, layout);
  const int64_t in_size = int64_t(s.h.in) * s.w.in, out_size = int64_t(s.h.out) * s.w.out;
  const int64_t taps = offsets.size(), channels = wanted.size(), weights = channels * taps;
  // Every item's sums, added up in order afterwards.
  std::vector<double> sums(s.num * weights);
#pragma omp parallel if (IsLarge(s))
  {
    std::vector<Dtype> padded(layout.size());
#pragma omp for schedule(static)
    for (int64_t i = 0; i < s.num * channels; ++i) {
      const int64_t plane = i / channels * s.channels + wanted[i % channels];
      layout.Fill(x + plane * in_size, padded.data());
      tap_sums::Dot(padded.data(), int64_t(layout.pitch) * s.h.stride, offsets,
                    dy + plane * out_size, s.w.out, s.h.out, s.w.out, sums.data() + i * taps);
    }
#pragma omp for schedule(static)
    for (int64_t i = 0; i < weights; ++i) {
      double total = 0;
      for (int64_t n = 0; n < s.num; ++n) total += sums[n * weights + i];
      dw[wanted[i / taps] * taps + i % taps] += static_cast<Dtype>(total);
    }
  }
}

#define INSTANTIATE(Dtype)                                                                         \
  template void DepthwiseForwardCpu<Dtype>(const DepthwiseShape&, const Dtype*, const Dtype*,      \
                                           const Dtype*, const DepthwiseTail<Dtype>&, Dtype*);     \
  template void DepthwiseBackwardDataCpu<Dtype>(const DepthwiseShape&, const Dtype*, const Dtype*, \
                                                Dtype*);                                           \
  template void DepthwiseBackwardWeightsCpu<Dtype>(const DepthwiseShape&, const std::vector<int>&, \
                                                   const Dtype*, const Dtype*, Dtype*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
