#ifndef CAFFE_SIGMOID_LAYER_HPP_
#define CAFFE_SIGMOID_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = 1 / (1 + e^-x).
template <typename Dtype>
class SigmoidLayer : public FunctionLayer<Dtype, SigmoidFunction> {
 public:
  explicit SigmoidLayer(const LayerParameter& param)
      : FunctionLayer<Dtype, SigmoidFunction>(param) {}
  const char* type() const override { return "Sigmoid"; }

 protected:
  SigmoidFunction<Dtype> function() const override { return {}; }
};

}  // namespace caffe

#endif  // CAFFE_SIGMOID_LAYER_HPP_
