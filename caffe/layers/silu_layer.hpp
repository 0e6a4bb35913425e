#ifndef CAFFE_SILU_LAYER_HPP_
#define CAFFE_SILU_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = x sigmoid(x): Swish with beta 1.
template <typename Dtype>
class SiLULayer : public FunctionLayer<Dtype, SwishFunction> {
 public:
  explicit SiLULayer(const LayerParameter& param) : FunctionLayer<Dtype, SwishFunction>(param) {}
  const char* type() const override { return "SiLU"; }

 protected:
  SwishFunction<Dtype> function() const override;
};

}  // namespace caffe

#endif  // CAFFE_SILU_LAYER_HPP_
