#ifndef CAFFE_LOG_LAYER_HPP_
#define CAFFE_LOG_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = log_base(shift + scale x); base -1 stands for e.
template <typename Dtype>
class LogLayer : public FunctionLayer<Dtype, LogFunction> {
 public:
  explicit LogLayer(const LayerParameter& param) : FunctionLayer<Dtype, LogFunction>(param) {}
  const char* type() const override { return "Log"; }

 protected:
  LogFunction<Dtype> function() const override;
};

}  // namespace caffe

#endif  // CAFFE_LOG_LAYER_HPP_
