#include "caffe/layers/sigmoid_layer.hpp"

namespace caffe {

INSTANTIATE_CLASS(SigmoidLayer);
REGISTER_LAYER_CLASS(Sigmoid);

}  // namespace caffe
