#include "caffe/layers/depthwise_conv_layer.hpp"

namespace caffe {

template <typename Dtype>
void DepthwiseConvolutionLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                                  const vector<Blob<Dtype>*>& top) {
  ConvolutionParameter* param = this->layer_param_.mutable_convolution_param();
  const int channels = bottom[0]->shape(bottom[0]->CanonicalAxisIndex(param->axis()));
  Require(!param->has_group() || param->group() == 1 || param->group() == uint32_t(channels),
          "group is ", param->group(), "; a depthwise convolution has as many groups as input ",
          "channels, ", channels, ". Leave group out.");
  param->set_group(channels);
  if (!param->has_num_output()) param->set_num_output(channels);
  Require(param->num_output() % channels == 0, "num_output is ", param->num_output(),
          "; a depthwise convolution has one filter, or the same number of filters, for each of ",
          "its ", channels, " input channels. Leave num_output out, or give a multiple.");
  ConvolutionLayer<Dtype>::LayerSetUp(bottom, top);
}

INSTANTIATE_CLASS(DepthwiseConvolutionLayer);
REGISTER_LAYER_CLASS(DepthwiseConvolution);
REGISTER_LAYER_CREATOR(ConvolutionDepthwise, Creator_DepthwiseConvolutionLayer);

}  // namespace caffe
