#include "caffe/layers/relu6_layer.hpp"

namespace caffe {

INSTANTIATE_CLASS(ReLU6Layer);
REGISTER_LAYER_CLASS(ReLU6);

}  // namespace caffe
