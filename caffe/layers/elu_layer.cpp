#include "caffe/layers/elu_layer.hpp"

namespace caffe {

template <typename Dtype>
ELUFunction<Dtype> ELULayer<Dtype>::function() const {
  const Dtype alpha = this->layer_param_.elu_param().alpha();
  Require(alpha >= 0, "alpha is ", alpha, ", but has to be at least 0");
  return {alpha};
}

INSTANTIATE_CLASS(ELULayer);
REGISTER_LAYER_CLASS(ELU);

}  // namespace caffe
