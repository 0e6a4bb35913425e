#ifndef CAFFE_SWISH_LAYER_HPP_
#define CAFFE_SWISH_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = x sigmoid(beta x). Source: Ramachandran et al. 2017.
template <typename Dtype>
class SwishLayer : public FunctionLayer<Dtype, SwishFunction> {
 public:
  explicit SwishLayer(const LayerParameter& param) : FunctionLayer<Dtype, SwishFunction>(param) {}
  const char* type() const override { return "Swish"; }

 protected:
  SwishFunction<Dtype> function() const override;
};

}  // namespace caffe

#endif  // CAFFE_SWISH_LAYER_HPP_
