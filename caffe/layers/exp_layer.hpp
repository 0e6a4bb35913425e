#ifndef CAFFE_EXP_LAYER_HPP_
#define CAFFE_EXP_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = base^(shift + scale x); base -1 stands for e.
template <typename Dtype>
class ExpLayer : public FunctionLayer<Dtype, ExpFunction> {
 public:
  explicit ExpLayer(const LayerParameter& param) : FunctionLayer<Dtype, ExpFunction>(param) {}
  const char* type() const override { return "Exp"; }

 protected:
  ExpFunction<Dtype> function() const override;
};

}  // namespace caffe

#endif  // CAFFE_EXP_LAYER_HPP_
