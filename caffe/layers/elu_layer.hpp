#ifndef CAFFE_ELU_LAYER_HPP_
#define CAFFE_ELU_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = x for x > 0, else alpha (e^x - 1). Source: Clevert et al. 2016.
template <typename Dtype>
class ELULayer : public FunctionLayer<Dtype, ELUFunction> {
 public:
  explicit ELULayer(const LayerParameter& param) : FunctionLayer<Dtype, ELUFunction>(param) {}
  const char* type() const override { return "ELU"; }

 protected:
  ELUFunction<Dtype> function() const override;
};

}  // namespace caffe

#endif  // CAFFE_ELU_LAYER_HPP_
