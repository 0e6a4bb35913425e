#ifndef CAFFE_DEPTHWISE_CONV_LAYER_HPP_
#define CAFFE_DEPTHWISE_CONV_LAYER_HPP_

#include <vector>

#include "caffe/layers/conv_layer.hpp"

namespace caffe {

/// A convolution that gives every channel a filter of its own, or num_output / channels filters:
/// Convolution with group = channels. Known under two names, DepthwiseConvolution and
/// ConvolutionDepthwise; its parameters are convolution_param, where group and num_output may be
/// left out (both are then the number of channels).
/// Blobs: weights [num_output, 1, kernel...], bias [num_output].
/// engine CAFFE means DEFAULT here: the kernels that are made for this are ours.
/// Source: Howard et al. 2017; the names are those of the layers that were published for Caffe.
template <typename Dtype>
class DepthwiseConvolutionLayer : public ConvolutionLayer<Dtype> {
 public:
  explicit DepthwiseConvolutionLayer(const LayerParameter& param)
      : ConvolutionLayer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  const char* type() const override {
    // Both names are in use.
    return this->layer_param_.type() == "ConvolutionDepthwise" ? "ConvolutionDepthwise"
                                                               : "DepthwiseConvolution";
  }
  ConvolutionParameter::Engine wanted_engine() const override {
    const auto wanted = ConvolutionLayer<Dtype>::wanted_engine();
    return wanted == ConvolutionParameter::CAFFE ? ConvolutionParameter::DEFAULT : wanted;
  }
};

}  // namespace caffe

#endif  // CAFFE_DEPTHWISE_CONV_LAYER_HPP_
