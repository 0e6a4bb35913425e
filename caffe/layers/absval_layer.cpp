#include "caffe/layers/absval_layer.hpp"

namespace caffe {

INSTANTIATE_CLASS(AbsValLayer);
REGISTER_LAYER_CLASS(AbsVal);

}  // namespace caffe
