#include <type_traits>

#include "caffe/device/blas.hpp"
#include "caffe/device/blob_access.hpp"
#include "caffe/layers/base_conv_layer.hpp"
#include "caffe/layers/scale_kernels.hpp"

// The way over im2col and matrix products. For each group g:
//   columns_g: kernel_dim x conv out positions
//   conv out_g = weights_g * columns_g
//   gradient of columns_g = weights_g^T * gradient of conv out_g
//   gradient of weights_g += gradient of conv out_g * columns_g^T

namespace caffe {

template <typename Dtype>
std::pair<WindowAxis, WindowAxis> BaseConvolutionLayer<Dtype>::WindowAxes() const {
  const auto axis = [this](int i) {
    return WindowAxis{conv_input_shape_.cpu_data()[i + 1],
                      col_buffer_shape_[i + 1],
                      kernel_shape_.cpu_data()[i],
                      pad_.cpu_data()[i],
                      stride_.cpu_data()[i],
                      dilation_.cpu_data()[i]};
  };
  return {axis(0), axis(1)};
}

template <typename Dtype>
template <typename Device>
WindowArrays BaseConvolutionLayer<Dtype>::Windows() const {
  const int* col_shape = col_buffer_shape_.data();
  if constexpr (std::is_same_v<Device, Gpu>) col_shape = col_buffer_.gpu_shape();
  return {num_spatial_axes_,
          Data<Device>(conv_input_shape_),
          col_shape,
          Data<Device>(kernel_shape_),
          Data<Device>(pad_),
          Data<Device>(stride_),
          Data<Device>(dilation_)};
}

template <typename Dtype>
template <typename Device>
void BaseConvolutionLayer<Dtype>::ImageToColumns(const Dtype* image, Dtype* columns) {
  if (!force_nd_im2col_ && num_spatial_axes_ == 2) {
    const auto [h, w] = WindowAxes();
    im2col_2d<Device>(image, conv_in_channels_, h, w, columns);
  } else {
    im2col_nd<Device>(image, Windows<Device>(), col_buffer_.count(), columns);
  }
}

template <typename Dtype>
template <typename Device>
void BaseConvolutionLayer<Dtype>::ColumnsToImage(const Dtype* columns, Dtype* image) {
  if (!force_nd_im2col_ && num_spatial_axes_ == 2) {
    const auto [h, w] = WindowAxes();
    col2im_2d<Device>(columns, conv_in_channels_, h, w, image);
  } else {
    const int size = reverse_dimensions() ? top_dim_ : bottom_dim_;
    col2im_nd<Device>(columns, Windows<Device>(), size, image);
  }
}

template <typename Dtype>
template <typename Device>
const Dtype* BaseConvolutionLayer<Dtype>::Columns(const Dtype* image, bool skip_im2col) {
  if (is_1x1_) return image;
  col_buffer_.Reshape(col_buffer_shape_);
  if (!skip_im2col) ImageToColumns<Device>(image, MutableData<Device>(&col_buffer_));
  return Data<Device>(col_buffer_);
}

template <typename Dtype>
template <typename Device>
void BaseConvolutionLayer<Dtype>::ForwardGemm(const Dtype* input, const Dtype* weights,
                                              Dtype* output, bool skip_im2col) {
  const Dtype* columns = Columns<Device>(input, skip_im2col);
  for (int g = 0; g < group_; ++g) {
    Gemm<Device>(CblasNoTrans, CblasNoTrans, conv_out_channels_ / group_, conv_out_spatial_dim_,
                 kernel_dim_, Dtype(1), weights + weight_offset_ * g, columns + col_offset_ * g,
                 Dtype(0), output + output_offset_ * g);
  }
}

template <typename Dtype>
template <typename Device>
void BaseConvolutionLayer<Dtype>::ForwardBias(Dtype* output, const Dtype* bias) {
  Gemm<Device>(CblasNoTrans, CblasNoTrans, num_output_, out_spatial_dim_, 1, Dtype(1), bias,
               Data<Device>(bias_multiplier_), Dtype(1), output);
}

template <typename Dtype>
template <typename Device>
void BaseConvolutionLayer<Dtype>::BackwardGemm(const Dtype* input, const Dtype* weights,
                                               Dtype* output) {
  Dtype* columns = output;
  if (!is_1x1_) {
    col_buffer_.Reshape(col_buffer_shape_);
    columns = MutableData<Device>(&col_buffer_);
  }
  for (int g = 0; g < group_; ++g) {
    Gemm<Device>(CblasTrans, CblasNoTrans, kernel_dim_, conv_out_spatial_dim_,
                 conv_out_channels_ / group_, Dtype(1), weights + weight_offset_ * g,
                 input + output_offset_ * g, Dtype(0), columns + col_offset_ * g);
  }
  if (!is_1x1_) ColumnsToImage<Device>(columns, output);
}

template <typename Dtype>
template <typename Device>
void BaseConvolutionLayer<Dtype>::WeightGemm(const Dtype* input, const Dtype* output,
                                             Dtype* weights) {
  const Dtype* columns = Columns<Device>(input, false);
  for (int g = 0; g < group_; ++g) {
    Gemm<Device>(CblasNoTrans, CblasTrans, conv_out_channels_ / group_, kernel_dim_,
                 conv_out_spatial_dim_, Dtype(1), output + output_offset_ * g,
                 columns + col_offset_ * g, Dtype(1), weights + weight_offset_ * g);
  }
}

template <typename Dtype>
template <typename Device>
void BaseConvolutionLayer<Dtype>::BackwardBias(Dtype* bias, const Dtype* input) {
  bias_gradient<Device>(ScaleShape{.outer = 1, .dim = num_output_, .inner = out_spatial_dim_},
                        input, Dtype(1), bias);
}

#define INSTANTIATE(Device, Dtype)                                                            \
  template void BaseConvolutionLayer<Dtype>::ForwardGemm<Device>(const Dtype*, const Dtype*,  \
                                                                 Dtype*, bool);               \
  template void BaseConvolutionLayer<Dtype>::ForwardBias<Device>(Dtype*, const Dtype*);       \
  template void BaseConvolutionLayer<Dtype>::BackwardGemm<Device>(const Dtype*, const Dtype*, \
                                                                  Dtype*);                    \
  template void BaseConvolutionLayer<Dtype>::WeightGemm<Device>(const Dtype*, const Dtype*,   \
                                                                Dtype*);                      \
  template void BaseConvolutionLayer<Dtype>::BackwardBias<Device>(Dtype*, const Dtype*);      \
  template const Dtype* BaseConvolutionLayer<Dtype>::Columns<Device>(const Dtype*, bool);
INSTANTIATE(Cpu, float)
INSTANTIATE(Cpu, double)
INSTANTIATE(Gpu, float)
INSTANTIATE(Gpu, double)

}  // namespace caffe
