#include "caffe/util/im2col_kernels.hpp"

#include "caffe/device/launch.hpp"

namespace caffe {

template <typename Device, typename Dtype>
void im2col_2d(const Dtype* im, int channels, WindowAxis h, WindowAxis w, Dtype* col) {
  const int64_t rows = int64_t(channels) * h.kernel * w.kernel * h.out;
  ForEachPlane<Device>(rows, w.out, [=] CAFFE_HD(int64_t row, int64_t ow) {
    const int r = int(row);
    const int oh = r % h.out;
    const int tap = r / h.out;
    const int kw = tap % w.kernel;
    const int kh = tap / w.kernel % h.kernel;
    const int c = tap / w.kernel / h.kernel;
    const int y = oh * h.stride - h.pad + kh * h.dilation;
    const int x = int(ow) * w.stride - w.pad + kw * w.dilation;
    const bool inside = y >= 0 && y < h.in && x >= 0 && x < w.in;
    col[row * w.out + ow] = inside ? im[(int64_t(c) * h.in + y) * w.in + x] : Dtype(0);
  });
}

template <typename Device, typename Dtype>
void col2im_2d(const Dtype* col, int channels, WindowAxis h, WindowAxis w, Dtype* im) {
  ForEachPlane<Device>(int64_t(channels) * h.in, w.in, [=] CAFFE_HD(int64_t row, int64_t x) {
    const int c = int(row / h.in);
    const int y = int(row % h.in);
    Dtype sum = 0;
    for (int kh = 0; kh < h.kernel; ++kh) {
      const int from_h = y + h.pad - kh * h.dilation;
      if (from_h < 0 || from_h % h.stride != 0 || from_h / h.stride >= h.out) continue;
      for (int kw = 0; kw < w.kernel; ++kw) {
        const int from_w = int(x) + w.pad - kw * w.dilation;
        if (from_w < 0 || from_w % w.stride != 0 || from_w / w.stride >= w.out) continue;
        const int64_t tap = (int64_t(c) * h.kernel + kh) * w.kernel + kw;
        sum += col[(tap * h.out + from_h / h.stride) * w.out + from_w / w.stride];
      }
    }
    im[row * w.in + x] = sum;
  });
}

template <typename Device, typename Dtype>
void im2col_nd(const Dtype* im, WindowArrays window, int col_size, Dtype* col) {
  const WindowArrays s = window;
  ForEach<Device>(col_size, [=] CAFFE_HD(int64_t i) {
    int taps = 1, positions = 1;
    for (int a = 0; a < s.num_axes; ++a) {
      taps *= s.kernel[a];
      positions *= s.col_shape[a + 1];
    }
    int out = int(i) % positions;
    int tap = int(i) / positions % taps;
    int64_t offset = 0, step = 1;
    bool inside = true;
    for (int a = s.num_axes - 1; a >= 0; --a) {
      const int at =
          out % s.col_shape[a + 1] * s.stride[a] - s.pad[a] + tap % s.kernel[a] * s.dilation[a];
      inside = inside && at >= 0 && at < s.im_shape[a + 1];
      offset += at * step;
      step *= s.im_shape[a + 1];
      out /= s.col_shape[a + 1];
      tap /= s.kernel[a];
    }
    const int c = int(i) / positions / taps;
    col[i] = inside ? im[c * step + offset] : Dtype(0);
  });
}

template <typename Device, typename Dtype>
void col2im_nd(const Dtype* col, WindowArrays window, int im_size, Dtype* im) {
  const WindowArrays s = window;
  ForEach<Device>(im_size, [=] CAFFE_HD(int64_t i) {
    int taps = 1, pixels = 1, positions = 1;
    for (int a = 0; a < s.num_axes; ++a) {
      taps *= s.kernel[a];
      pixels *= s.im_shape[a + 1];
      positions *= s.col_shape[a + 1];
    }
    const int c = int(i) / pixels;
    Dtype sum = 0;
    for (int t = 0; t < taps; ++t) {
      int pixel = int(i) % pixels;
      int tap = t;
      int64_t offset = 0, step = 1;
      bool hit = true;
      for (int a = s.num_axes - 1; a >= 0; --a) {
        const int from = pixel % s.im_shape[a + 1] + s.pad[a] - tap % s.kernel[a] * s.dilation[a];
        const int out = from / s.stride[a];
        hit = hit && from >= 0 && from % s.stride[a] == 0 && out < s.col_shape[a + 1];
        offset += out * step;
        step *= s.col_shape[a + 1];
        pixel /= s.im_shape[a + 1];
        tap /= s.kernel[a];
      }
      if (hit) sum += col[(int64_t(c) * taps + t) * positions + offset];
    }
    im[i] = sum;
  });
}

#define INSTANTIATE(Device, Dtype)                                                           \
  template void im2col_2d<Device, Dtype>(const Dtype*, int, WindowAxis, WindowAxis, Dtype*); \
  template void col2im_2d<Device, Dtype>(const Dtype*, int, WindowAxis, WindowAxis, Dtype*); \
  template void im2col_nd<Device, Dtype>(const Dtype*, WindowArrays, int, Dtype*);           \
  template void col2im_nd<Device, Dtype>(const Dtype*, WindowArrays, int, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
