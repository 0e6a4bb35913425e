#include "caffe/util/im2col.hpp"

#include "caffe/device/device.hpp"
#include "caffe/util/im2col_kernels.hpp"

namespace caffe {
namespace {

WindowAxis Axis(int in, int kernel, int pad, int stride, int dilation) {
  return {in, WindowOutputs(in, kernel, pad, stride, dilation), kernel, pad, stride, dilation};
}

int Product(const int* dims, int n) {
  int product = 1;
  for (int i = 0; i < n; ++i) product *= dims[i];
  return product;
}

}  // namespace

template <typename Dtype>
void im2col_nd_cpu(const Dtype* data_im, const int num_spatial_axes, const int* im_shape,
                   const int* col_shape, const int* kernel_shape, const int* pad, const int* stride,
                   const int* dilation, Dtype* data_col) {
  im2col_nd<Cpu>(data_im,
                 {num_spatial_axes, im_shape, col_shape, kernel_shape, pad, stride, dilation},
                 Product(col_shape, num_spatial_axes + 1), data_col);
}

template <typename Dtype>
void col2im_nd_cpu(const Dtype* data_col, const int num_spatial_axes, const int* im_shape,
                   const int* col_shape, const int* kernel_shape, const int* pad, const int* stride,
                   const int* dilation, Dtype* data_im) {
  col2im_nd<Cpu>(data_col,
                 {num_spatial_axes, im_shape, col_shape, kernel_shape, pad, stride, dilation},
                 Product(im_shape, num_spatial_axes + 1), data_im);
}

template <typename Dtype>
void im2col_nd_gpu(const Dtype* data_im, const int num_spatial_axes, const int col_size,
                   const int* im_shape, const int* col_shape, const int* kernel_shape,
                   const int* pad, const int* stride, const int* dilation, Dtype* data_col) {
  im2col_nd<Gpu>(data_im,
                 {num_spatial_axes, im_shape, col_shape, kernel_shape, pad, stride, dilation},
                 col_size, data_col);
}

template <typename Dtype>
void col2im_nd_gpu(const Dtype* data_col, const int num_spatial_axes, const int im_size,
                   const int* im_shape, const int* col_shape, const int* kernel_shape,
                   const int* pad, const int* stride, const int* dilation, Dtype* data_im) {
  col2im_nd<Gpu>(data_col,
                 {num_spatial_axes, im_shape, col_shape, kernel_shape, pad, stride, dilation},
                 im_size, data_im);
}

#define DEFINE_2D(name)                                                                         \
  template <typename Dtype>                                                                     \
  void name(const Dtype* from, const int channels, const int height, const int width,           \
            const int kernel_h, const int kernel_w, const int pad_h, const int pad_w,           \
            const int stride_h, const int stride_w, const int dilation_h, const int dilation_w, \
            Dtype* to)
DEFINE_2D(im2col_cpu) {
  im2col_2d<Cpu>(from, channels, Axis(height, kernel_h, pad_h, stride_h, dilation_h),
                 Axis(width, kernel_w, pad_w, stride_w, dilation_w), to);
}
DEFINE_2D(im2col_gpu) {
  im2col_2d<Gpu>(from, channels, Axis(height, kernel_h, pad_h, stride_h, dilation_h),
                 Axis(width, kernel_w, pad_w, stride_w, dilation_w), to);
}
DEFINE_2D(col2im_cpu) {
  col2im_2d<Cpu>(from, channels, Axis(height, kernel_h, pad_h, stride_h, dilation_h),
                 Axis(width, kernel_w, pad_w, stride_w, dilation_w), to);
}
DEFINE_2D(col2im_gpu) {
  col2im_2d<Gpu>(from, channels, Axis(height, kernel_h, pad_h, stride_h, dilation_h),
                 Axis(width, kernel_w, pad_w, stride_w, dilation_w), to);
}
#undef DEFINE_2D

#define INSTANTIATE(Dtype)                                                                        \
  template void im2col_nd_cpu<Dtype>(const Dtype*, const int, const int*, const int*, const int*, \
                                     const int*, const int*, const int*, Dtype*);                 \
  template void col2im_nd_cpu<Dtype>(const Dtype*, const int, const int*, const int*, const int*, \
                                     const int*, const int*, const int*, Dtype*);                 \
  template void im2col_nd_gpu<Dtype>(const Dtype*, const int, const int, const int*, const int*,  \
                                     const int*, const int*, const int*, const int*, Dtype*);     \
  template void col2im_nd_gpu<Dtype>(const Dtype*, const int, const int, const int*, const int*,  \
                                     const int*, const int*, const int*, const int*, Dtype*);     \
  template void im2col_cpu<Dtype>(const Dtype*, const int, const int, const int, const int,       \
                                  const int, const int, const int, const int, const int,          \
                                  const int, const int, Dtype*);                                  \
  template void im2col_gpu<Dtype>(const Dtype*, const int, const int, const int, const int,       \
                                  const int, const int, const int, const int, const int,          \
                                  const int, const int, Dtype*);                                  \
  template void col2im_cpu<Dtype>(const Dtype*, const int, const int, const int, const int,       \
                                  const int, const int, const int, const int, const int,          \
                                  const int, const int, Dtype*);                                  \
  template void col2im_gpu<Dtype>(const Dtype*, const int, const int, const int, const int,       \
                                  const int, const int, const int, const int, const int,          \
                                  const int, const int, Dtype*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
