#ifndef CAFFE_CLIP_LAYER_HPP_
#define CAFFE_CLIP_LAYER_HPP_

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = x limited to [min, max]; the gradient is that of what was inside.
template <typename Dtype>
class ClipLayer : public FunctionLayer<Dtype, ClipFunction> {
 public:
  explicit ClipLayer(const LayerParameter& param) : FunctionLayer<Dtype, ClipFunction>(param) {}
  const char* type() const override { return "Clip"; }

 protected:
  ClipFunction<Dtype> function() const override;
};

}  // namespace caffe

#endif  // CAFFE_CLIP_LAYER_HPP_
