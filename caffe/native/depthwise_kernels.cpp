#include "caffe/native/depthwise_kernels.hpp"

#include "caffe/device/launch.hpp"

// Position arithmetic is 32 bit: a plane has at most 2^31 elements, as a blob has.

namespace caffe {

template <typename Device, typename Dtype>
void depthwise_forward(DepthwiseShape shape, const Dtype* x, const Dtype* weights,
                       const Dtype* bias, Dtype* y) {
  const WindowAxis h = shape.h, w = shape.w;
  const int64_t channels = shape.channels;
  ForEachPlane<Device>(shape.num * channels, int64_t(h.out) * w.out,
                       [=] CAFFE_HD(int64_t plane, int64_t position) {
                         const int64_t c = plane % channels;
                         const int oy = int(position) / w.out, ox = int(position) % w.out;
                         const Dtype* in = x + plane * h.in * w.in;
                         const Dtype* filter = weights + c * h.kernel * w.kernel;
                         Dtype sum = bias != nullptr ? bias[c] : Dtype(0);
                         for (int ky = 0; ky < h.kernel; ++ky) {
                           const int iy = oy * h.stride - h.pad + ky * h.dilation;
                           if (iy < 0 || iy >= h.in) continue;
                           for (int kx = 0; kx < w.kernel; ++kx) {
                             const int ix = ox * w.stride - w.pad + kx * w.dilation;
                             if (ix < 0 || ix >= w.in) continue;
                             sum += filter[ky * w.kernel + kx] * in[int64_t(iy) * w.in + ix];
                           }
                         }
                         y[plane * h.out * w.out + position] = sum;
                       });
}

template <typename Device, typename Dtype>
void depthwise_backward_data(DepthwiseShape shape, const Dtype* dy, const Dtype* weights,
                             Dtype* dx) {
  const WindowAxis h = shape.h, w = shape.w;
  const int64_t channels = shape.channels;
  ForEachPlane<Device>(
      shape.num * channels, int64_t(h.in) * w.in, [=] CAFFE_HD(int64_t plane, int64_t position) {
        const int iy = int(position) / w.in, ix = int(position) % w.in;
        const Dtype* out = dy + plane * h.out * w.out;
        const Dtype* filter = weights + plane % channels * h.kernel * w.kernel;
        Dtype sum = 0;
        for (int ky = 0; ky < h.kernel; ++ky) {
          const int from_y = iy + h.pad - ky * h.dilation, oy = from_y / h.stride;
          if (from_y < 0 || oy >= h.out || oy * h.stride != from_y) continue;
          for (int kx = 0; kx < w.kernel; ++kx) {
            const int from_x = ix + w.pad - kx * w.dilation, ox = from_x / w.stride;
            if (from_x < 0 || ox >= w.out || ox * w.stride != from_x) continue;
            sum += filter[ky * w.kernel + kx] * out[int64_t(oy) * w.out + ox];
          }
        }
        dx[plane * h.in * w.in + position] = sum;
      });
}

template <typename Device, typename Dtype>
void depthwise_backward_weights(DepthwiseShape shape, const Dtype* x, const Dtype* dy, Dtype* dw) {
  const WindowAxis h = shape.h, w = shape.w;
  const int64_t channels = shape.channels;
  const int taps = h.kernel * w.kernel;
  Reduce<Device>(
      channels * taps, shape.num, int64_t(h.out) * w.out,
      [=] CAFFE_HD(int64_t weight, int64_t n, int64_t position) {
        const int64_t plane = n * channels + weight / taps;
        const int tap = int(weight % taps);
        const int iy = int(position) / w.out * h.stride - h.pad + tap / w.kernel * h.dilation;
        const int ix = int(position) % w.out * w.stride - w.pad + tap % w.kernel * w.dilation;
        if (iy < 0 || iy >= h.in || ix < 0 || ix >= w.in) return Dtype(0);
        return dy[plane * h.out * w.out + position] * x[(plane * h.in + iy) * w.in + ix];
      },
      [=] CAFFE_HD(int64_t weight, Dtype sum) { dw[weight] += sum; });
}

template <typename Device, typename Dtype>
void depthwise_backward_bias(DepthwiseShape shape, const Dtype* dy, Dtype* db) {
  const int64_t channels = shape.channels, size = int64_t(shape.h.out) * shape.w.out;
  Reduce<Device>(
      channels, shape.num, size,
      [=] CAFFE_HD(int64_t c, int64_t n, int64_t k) { return dy[(n * channels + c) * size + k]; },
      [=] CAFFE_HD(int64_t c, Dtype sum) { db[c] += sum; });
}

#define INSTANTIATE(Device, Dtype)                                                                 \
  template void depthwise_forward<Device, Dtype>(DepthwiseShape, const Dtype*, const Dtype*,       \
                                                 const Dtype*, Dtype*);                            \
  template void depthwise_backward_data<Device, Dtype>(DepthwiseShape, const Dtype*, const Dtype*, \
                                                       Dtype*);                                    \
  template void depthwise_backward_weights<Device, Dtype>(DepthwiseShape, const Dtype*,            \
                                                          const Dtype*, Dtype*);                   \
  template void depthwise_backward_bias<Device, Dtype>(DepthwiseShape, const Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
