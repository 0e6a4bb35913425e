#include "caffe/layers/base_conv_layer.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/filler.hpp"
#include "caffe/layers/conv_geometry.hpp"

namespace caffe {
namespace {

void Store(const vector<int>& values, Blob<int>* blob) {
  blob->Reshape({std::max(1, static_cast<int>(values.size()))});
  std::copy(values.begin(), values.end(), blob->mutable_cpu_data());
}

vector<int> Load(const Blob<int>& blob, int axes) {
  return vector<int>(blob.cpu_data(), blob.cpu_data() + axes);
}

}  // namespace

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                             const vector<Blob<Dtype>*>& top) {
  const ConvolutionParameter& param = this->layer_param_.convolution_param();
  force_nd_im2col_ = param.force_nd_im2col();
  channel_axis_ = bottom[0]->CanonicalAxisIndex(param.axis());
  num_spatial_axes_ = bottom[0]->num_axes() - channel_axis_ - 1;
  ReadGeometry();
  CheckEngine();

  channels_ = bottom[0]->shape(channel_axis_);
  Require(param.num_output() > 0 && param.num_output() <= uint32_t(INT_MAX), "num_output is ",
          param.num_output(), ". It must be positive.");
  num_output_ = static_cast<int>(param.num_output());
  Require(param.group() > 0 && param.group() <= uint32_t(INT_MAX), "group is ", param.group(),
          ". It must be positive.");
  group_ = static_cast<int>(param.group());
  Require(channels_ % group_ == 0, "The ", channels_, " input channels cannot be divided among ",
          group_, " groups.");
  Require(num_output_ % group_ == 0, "num_output ", num_output_, " cannot be divided among ",
          group_, " groups.");
  conv_out_channels_ = reverse_dimensions() ? channels_ : num_output_;
  conv_in_channels_ = reverse_dimensions() ? num_output_ : channels_;
  bias_term_ = param.bias_term();
  SetUpWeights();
  this->param_propagate_down_.resize(this->blobs_.size(), true);
}

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::ReadGeometry() {
  const ConvGeometry geometry =
      ReadConvGeometry(this->layer_param_.convolution_param(), num_spatial_axes_);
  Store(geometry.kernel, &kernel_shape_);
  Store(geometry.stride, &stride_);
  Store(geometry.pad, &pad_);
  Store(geometry.dilation, &dilation_);
  is_1x1_ = true;
  for (int i = 0; i < num_spatial_axes_; ++i) {
    is_1x1_ = is_1x1_ && geometry.kernel[i] == 1 && geometry.stride[i] == 1 && geometry.pad[i] == 0;
  }
}

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::CheckEngine() const {
  if (this->layer_param_.convolution_param().engine() != ConvolutionParameter::CUDNN) return;
  Require(num_spatial_axes_ >= 1 && num_spatial_axes_ <= 3,
          "engine CUDNN needs 1 to 3 spatial axes; this layer has ", num_spatial_axes_,
          ". Use engine CAFFE.");
}

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::SetUpWeights() {
  const ConvolutionParameter& param = this->layer_param_.convolution_param();
  vector<int> weight_shape = {conv_out_channels_, conv_in_channels_ / group_};
  const vector<int> kernel = Load(kernel_shape_, num_spatial_axes_);
  weight_shape.insert(weight_shape.end(), kernel.begin(), kernel.end());
  const vector<int> bias_shape(bias_term_, num_output_);
  auto& blobs = this->blobs_;
  if (!blobs.empty()) {
    Require(blobs.size() == size_t(1 + bias_term_), "The definition brings ", blobs.size(),
            " blobs of weights; with bias_term ", bias_term_ ? "true" : "false", " there are ",
            1 + bias_term_, ".");
    Require(blobs[0]->shape() == weight_shape, "The definition brings weights of shape ",
            ShapeText(blobs[0]->shape()), "; this layer has ", ShapeText(weight_shape), ".");
    Require(!bias_term_ || blobs[1]->shape() == bias_shape,
            "The definition brings a bias of shape ", ShapeText(blobs[bias_term_]->shape()),
            "; this layer has ", ShapeText(bias_shape), ".");
  } else {
    blobs.resize(1 + bias_term_);
    blobs[0].reset(new Blob<Dtype>(weight_shape));
    shared_ptr<Filler<Dtype>>(GetFiller<Dtype>(param.weight_filler()))->Fill(blobs[0].get());
    if (bias_term_) {
      blobs[1].reset(new Blob<Dtype>(bias_shape));
      shared_ptr<Filler<Dtype>>(GetFiller<Dtype>(param.bias_filler()))->Fill(blobs[1].get());
    }
  }
  kernel_dim_ = blobs[0]->count(1);
  weight_offset_ = conv_out_channels_ * kernel_dim_ / group_;
}

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                          const vector<Blob<Dtype>*>& top) {
  const int first_spatial_axis = channel_axis_ + 1;
  Require(bottom[0]->num_axes() == first_spatial_axis + num_spatial_axes_, "The bottom has ",
          bottom[0]->num_axes(), " axes now and had ", first_spatial_axis + num_spatial_axes_,
          " when the layer was set up.");
  num_ = bottom[0]->count(0, channel_axis_);
  Require(bottom[0]->shape(channel_axis_) == channels_, "The weights are for ", channels_,
          " input channels, the bottom has ", bottom[0]->shape(channel_axis_),
          ". Check num_output of the layer that makes it.");
  for (size_t i = 1; i < bottom.size(); ++i) {
    Require(bottom[i]->shape() == bottom[0]->shape(), "Bottom ", i, " has shape ",
            ShapeText(bottom[i]->shape()), ", bottom 0 ", ShapeText(bottom[0]->shape()),
            ". All bottoms of one layer must agree.");
  }
  bottom_shape_ = &bottom[0]->shape();
  compute_output_shape();
  vector<int> top_shape(bottom_shape_->begin(), bottom_shape_->begin() + channel_axis_);
  top_shape.push_back(num_output_);
  for (int i = 0; i < num_spatial_axes_; ++i) {
    Require(output_shape_[i] > 0, "The window (kernel ", kernel_shape_.cpu_data()[i], ", dilation ",
            dilation_.cpu_data()[i], ", pad ", pad_.cpu_data()[i],
            ") does not fit an input of size ", input_shape(i + 1), " on spatial axis ", i, ".");
    top_shape.push_back(output_shape_[i]);
  }
  for (Blob<Dtype>* blob : top) blob->Reshape(top_shape);

  conv_out_spatial_dim_ = reverse_dimensions() ? bottom[0]->count(first_spatial_axis)
                                               : top[0]->count(first_spatial_axis);
  col_offset_ = kernel_dim_ * conv_out_spatial_dim_;
  output_offset_ = conv_out_channels_ * conv_out_spatial_dim_ / group_;
  bottom_dim_ = bottom[0]->count(channel_axis_);
  top_dim_ = top[0]->count(channel_axis_);
  out_spatial_dim_ = top[0]->count(first_spatial_axis);

  const Blob<Dtype>& conv_in = reverse_dimensions() ? *top[0] : *bottom[0];
  Store(vector<int>(conv_in.shape().begin() + channel_axis_, conv_in.shape().end()),
        &conv_input_shape_);
  col_buffer_shape_ = {kernel_dim_ * group_};
  for (int i = 0; i < num_spatial_axes_; ++i) {
    col_buffer_shape_.push_back(reverse_dimensions() ? input_shape(i + 1) : output_shape_[i]);
  }
  if (bias_term_ && bias_multiplier_.count() != out_spatial_dim_) {
    bias_multiplier_.Reshape({out_spatial_dim_});
    caffe_set(out_spatial_dim_, Dtype(1), bias_multiplier_.mutable_cpu_data());
  }
}

template <typename Dtype>
ConvShape BaseConvolutionLayer<Dtype>::Shape() {
  const vector<int> in(conv_input_shape_.cpu_data() + 1,
                       conv_input_shape_.cpu_data() + 1 + num_spatial_axes_);
  return {.num = num_,
          .in_channels = conv_in_channels_,
          .out_channels = conv_out_channels_,
          .group = group_,
          .bias = bias_term_ && !reverse_dimensions(),
          .reversed = reverse_dimensions(),
          .in = in,
          .out = vector<int>(col_buffer_shape_.begin() + 1, col_buffer_shape_.end()),
          .kernel = Load(kernel_shape_, num_spatial_axes_),
          .pad = Load(pad_, num_spatial_axes_),
          .stride = Load(stride_, num_spatial_axes_),
          .dilation = Load(dilation_, num_spatial_axes_)};
}

template <typename Dtype>
template <typename Device>
ConvEngine<Dtype>* BaseConvolutionLayer<Dtype>::engine(ConvPass pass) {
  ConvEngine<Dtype>* engine;
  if constexpr (std::is_same_v<Device, Cpu>)
    engine = cpu_engines_.Get(wanted_engine(), Shape());
  else
    engine = gpu_engines_.Get(wanted_engine(), Shape());
  return engine != nullptr && engine->Takes(pass) ? engine : nullptr;
}

template <typename Dtype>
int64_t BaseConvolutionLayer<Dtype>::MultiplyAdds(const vector<Blob<Dtype>*>& bottom,
                                                  const vector<Blob<Dtype>*>&) const {
  return int64_t(bottom.size()) * num_ * conv_out_spatial_dim_ * conv_out_channels_ * kernel_dim_;
}

template class BaseConvolutionLayer<float>;
template class BaseConvolutionLayer<double>;
template ConvEngine<float>* BaseConvolutionLayer<float>::engine<Cpu>(ConvPass);
template ConvEngine<float>* BaseConvolutionLayer<float>::engine<Gpu>(ConvPass);
template ConvEngine<double>* BaseConvolutionLayer<double>::engine<Cpu>(ConvPass);
template ConvEngine<double>* BaseConvolutionLayer<double>::engine<Gpu>(ConvPass);

}  // namespace caffe
