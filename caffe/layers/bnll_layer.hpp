#ifndef CAFFE_BNLL_LAYER_HPP_
#define CAFFE_BNLL_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = log(1 + e^x), the binomial normal log likelihood.
template <typename Dtype>
class BNLLLayer : public FunctionLayer<Dtype, BNLLFunction> {
 public:
  explicit BNLLLayer(const LayerParameter& param) : FunctionLayer<Dtype, BNLLFunction>(param) {}
  const char* type() const override { return "BNLL"; }

 protected:
  BNLLFunction<Dtype> function() const override { return {}; }
};

}  // namespace caffe

#endif  // CAFFE_BNLL_LAYER_HPP_
