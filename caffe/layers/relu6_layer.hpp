#ifndef CAFFE_RELU6_LAYER_HPP_
#define CAFFE_RELU6_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = min(max(x, 0), 6).
template <typename Dtype>
class ReLU6Layer : public FunctionLayer<Dtype, ReLU6Function> {
 public:
  explicit ReLU6Layer(const LayerParameter& param) : FunctionLayer<Dtype, ReLU6Function>(param) {}
  const char* type() const override { return "ReLU6"; }

 protected:
  ReLU6Function<Dtype> function() const override { return {}; }
};

}  // namespace caffe

#endif  // CAFFE_RELU6_LAYER_HPP_
