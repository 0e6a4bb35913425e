#ifndef CAFFE_UTIL_IM2COL_KERNELS_HPP_
#define CAFFE_UTIL_IM2COL_KERNELS_HPP_

namespace caffe {

/// One spatial axis of a sliding window: output o and tap k meet at input
/// o * stride - pad + k * dilation.
struct WindowAxis {
  int in, out, kernel, pad, stride, dilation;
};

/// Outputs of a sliding window without padding beyond `pad`; at most 0 if it does not fit.
inline int WindowOutputs(int in, int kernel, int pad, int stride, int dilation) {
  const int room = in + 2 * pad - (dilation * (kernel - 1) + 1);
  return room < 0 ? 0 : room / stride + 1;
}

/// Copies every window of an image to a column: col[c, kh, kw, oh, ow] = the value of im[c]
/// under that tap, zero outside. im: channels x h.in x w.in.
template <typename Device, typename Dtype>
void im2col_2d(const Dtype* im, int channels, WindowAxis h, WindowAxis w, Dtype* col);

/// The transpose: im[c, y, x] = sum of all col entries that im2col takes from there.
template <typename Device, typename Dtype>
void col2im_2d(const Dtype* col, int channels, WindowAxis h, WindowAxis w, Dtype* im);

/// The same over any number of axes. The arrays lie on the device: im_shape and col_shape
/// begin with the number of channels (col_shape: channels * taps), then the spatial axes.
struct WindowArrays {
  int num_axes;
  const int* im_shape;
  const int* col_shape;
  const int* kernel;
  const int* pad;
  const int* stride;
  const int* dilation;
};

/// @param col_size  number of elements of col
template <typename Device, typename Dtype>
void im2col_nd(const Dtype* im, WindowArrays window, int col_size, Dtype* col);

/// @param im_size  number of elements of im
template <typename Device, typename Dtype>
void col2im_nd(const Dtype* col, WindowArrays window, int im_size, Dtype* im);

}  // namespace caffe

#endif  // CAFFE_UTIL_IM2COL_KERNELS_HPP_
