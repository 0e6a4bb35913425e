#include "caffe/layers/bnll_layer.hpp"

namespace caffe {

INSTANTIATE_CLASS(BNLLLayer);
REGISTER_LAYER_CLASS(BNLL);

}  // namespace caffe
