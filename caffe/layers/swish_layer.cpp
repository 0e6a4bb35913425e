#include "caffe/layers/swish_layer.hpp"

namespace caffe {

template <typename Dtype>
SwishFunction<Dtype> SwishLayer<Dtype>::function() const {
  return {static_cast<Dtype>(this->layer_param_.swish_param().beta())};
}

INSTANTIATE_CLASS(SwishLayer);
REGISTER_LAYER_CLASS(Swish);

}  // namespace caffe
