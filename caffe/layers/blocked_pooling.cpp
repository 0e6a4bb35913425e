#include "caffe/layers/blocked_pooling.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/layers/blocked_pooling_kernels.hpp"
#include "caffe/layers/pooling_window.hpp"
#include "caffe/native/channel_blocks.hpp"
#include "caffe/native/dnnl_api.hpp"
#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

namespace {

using Method = BlockedPooling<float>::Method;

/// Full blocks of one position each lie as plain values do.
bool IsPlain(const std::vector<int64_t>& dims, int block) {
  return dims[2] == 1 && dims[3] == 1 && dims[1] % block == 0;
}

/// What AVE divides by in window (ph, pw).
float Area(const PoolShape& s, int ph, int pw) {
  return static_cast<float>(WindowExtent(ph, s.height, s.kernel_h, s.stride_h, s.pad_h) *
                            WindowExtent(pw, s.width, s.kernel_w, s.stride_w, s.pad_w));
}

/// oneDNN chooses blocks of the width of the processor's vectors, so code for wider ones is not
/// touched.
const blocked_pooling::Kernels& KernelsWithLanes(int lanes) {
  if (lanes == 16) {
    static const blocked_pooling::Kernels kernels = blocked_pooling::KernelsFor<16>();
    return kernels;
  }
  static const blocked_pooling::Kernels kernels = blocked_pooling::KernelsFor<8>();
  return kernels;
}

void Forward(Method method, const PoolShape& s, int block, int64_t slabs, const float* bottom,
             float* top, int* origin) {
  const blocked_pooling::Kernels& kernels = KernelsWithLanes(block);
  const int64_t in = int64_t{s.height} * s.width * block;
  const int64_t out = int64_t{s.pooled_w} * block;
  std::vector<PoolRange> columns(s.pooled_w);
  for (int p = 0; p < s.pooled_w; ++p) {
    columns[p] = WindowInside(p, s.width, s.kernel_w, s.stride_w, s.pad_w);
  }
#pragma omp parallel for schedule(static) collapse(2)
  for (int64_t slab = 0; slab < slabs; ++slab) {
    for (int ph = 0; ph < s.pooled_h; ++ph) {
      const int64_t at = (slab * s.pooled_h + ph) * out;
      const blocked_pooling::WindowRow row = {
          bottom + slab * in, s.width, WindowInside(ph, s.height, s.kernel_h, s.stride_h, s.pad_h),
          columns.data(), s.pooled_w};
      if (method == Method::kMax) {
        kernels.max_row(row, top + at, origin + at);
      } else {
        std::vector<float> areas(s.pooled_w);
        for (int pw = 0; pw < s.pooled_w; ++pw) areas[pw] = Area(s, ph, pw);
        kernels.average_row(row, areas.data(), top + at);
      }
    }
  }
}

template <int kBlock>
void BackwardMax(const PoolShape& s, const float* dy, const int* origin, float* dx) {
  for (int64_t i = 0; i < int64_t{s.pooled_h} * s.pooled_w * kBlock; ++i) {
    if (origin[i] >= 0) dx[int64_t{origin[i]} * kBlock + i % kBlock] += dy[i];
  }
}

template <int kBlock>
void BackwardAverage(const PoolShape& s, const float* dy, float* dx) {
  for (int ph = 0; ph < s.pooled_h; ++ph) {
    const PoolRange y = WindowInside(ph, s.height, s.kernel_h, s.stride_h, s.pad_h);
    for (int pw = 0; pw < s.pooled_w; ++pw, dy += kBlock) {
      const PoolRange x = WindowInside(pw, s.width, s.kernel_w, s.stride_w, s.pad_w);
      const float area = Area(s, ph, pw);
      for (int h = y.begin; h < y.end; ++h) {
        for (int w = x.begin; w < x.end; ++w) {
          float* to = dx + (int64_t{h} * s.width + w) * kBlock;
#pragma omp simd
          for (int c = 0; c < kBlock; ++c) to[c] += dy[c] / area;
        }
      }
    }
  }
}

template <int kBlock>
void Backward(Method method, const PoolShape& s, int64_t slabs, const float* dy, const int* origin,
              float* dx) {
  const int64_t in = int64_t{s.height} * s.width * kBlock;
  const int64_t out = int64_t{s.pooled_h} * s.pooled_w * kBlock;
#pragma omp parallel for schedule(static)
  for (int64_t slab = 0; slab < slabs; ++slab) {
    std::fill_n(dx + slab * in, in, 0.0f);
    if (method == Method::kMax) {
      BackwardMax<kBlock>(s, dy + slab * out, origin + slab * out, dx + slab * in);
    } else {
      BackwardAverage<kBlock>(s, dy + slab * out, dx + slab * in);
    }
  }
}

}  // namespace

template <>
bool BlockedPooling<float>::Forward(Method method, const PoolShape& shape, int channels,
                                    SyncedMemory* x, SyncedMemory* y) {
  ran_ = false;
  if (channels == 0) return false;
  const int64_t num = shape.planes / channels;
  const auto blocks = NewestChannelBlocks(*x, num, channels, int64_t{shape.height} * shape.width);
  if (!blocks) return false;
  const auto from = std::static_pointer_cast<DnnlMemory>(x->native());
  x_dims_ = {num, channels, shape.height, shape.width};
  y_dims_ = {num, channels, shape.pooled_h, shape.pooled_w};
  if (DimsOf(from->desc()) != x_dims_) return false;
  block_ = blocks->block;
  const dnnl::memory::desc y_desc =
      IsPlain(y_dims_, block_) ? PlainDesc(y_dims_) : ChannelBlocksDesc(y_dims_, block_);
  DnnlOutput out = OutputAs(y, y_desc);
  if (method == Method::kMax) origin_.resize(y_desc.get_size() / sizeof(float));
  float* to = static_cast<float*>(out.memory.get_data_handle());
  caffe::Forward(method, shape, block_, blocks->slabs(), from->values(), to, origin_.data());
  Publish(std::move(out), y);
  ran_ = true;
  return true;
}

template <>
void BlockedPooling<float>::Backward(Method method, const PoolShape& shape, SyncedMemory* dy,
                                     SyncedMemory* dx) const {
  const dnnl::memory::desc y_desc =
      IsPlain(y_dims_, block_) ? PlainDesc(y_dims_) : ChannelBlocksDesc(y_dims_, block_);
  const dnnl::memory from = ReadAs(dy, y_desc, ReaderCopy::kRefresh);
  DnnlOutput out = OutputAs(dx, ChannelBlocksDesc(x_dims_, block_));
  const int64_t slabs = x_dims_[0] * ((x_dims_[1] + block_ - 1) / block_);
  const auto run = block_ == 16 ? &caffe::Backward<16> : &caffe::Backward<8>;
  run(method, shape, slabs, static_cast<const float*>(from.get_data_handle()), origin_.data(),
      static_cast<float*>(out.memory.get_data_handle()));
  Publish(std::move(out), dx);
}

template <>
bool BlockedPooling<double>::Forward(Method, const PoolShape&, int, SyncedMemory*, SyncedMemory*) {
  return false;
}

template <>
void BlockedPooling<double>::Backward(Method, const PoolShape&, SyncedMemory*,
                                      SyncedMemory*) const {}

}  // namespace caffe
