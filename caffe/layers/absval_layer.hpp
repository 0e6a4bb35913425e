#ifndef CAFFE_ABSVAL_LAYER_HPP_
#define CAFFE_ABSVAL_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = |x|.
template <typename Dtype>
class AbsValLayer : public FunctionLayer<Dtype, AbsValFunction> {
 public:
  explicit AbsValLayer(const LayerParameter& param) : FunctionLayer<Dtype, AbsValFunction>(param) {}
  const char* type() const override { return "AbsVal"; }

 protected:
  AbsValFunction<Dtype> function() const override { return {}; }
};

}  // namespace caffe

#endif  // CAFFE_ABSVAL_LAYER_HPP_
