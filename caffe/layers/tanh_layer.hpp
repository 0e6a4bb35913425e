#ifndef CAFFE_TANH_LAYER_HPP_
#define CAFFE_TANH_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = tanh x.
template <typename Dtype>
class TanHLayer : public FunctionLayer<Dtype, TanHFunction> {
 public:
  explicit TanHLayer(const LayerParameter& param) : FunctionLayer<Dtype, TanHFunction>(param) {}
  const char* type() const override { return "TanH"; }

 protected:
  TanHFunction<Dtype> function() const override { return {}; }
};

}  // namespace caffe

#endif  // CAFFE_TANH_LAYER_HPP_
