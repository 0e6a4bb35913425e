#include "caffe/layers/tanh_layer.hpp"

namespace caffe {

INSTANTIATE_CLASS(TanHLayer);
REGISTER_LAYER_CLASS(TanH);

}  // namespace caffe
