#include "caffe/layers/clip_layer.hpp"

namespace caffe {

template <typename Dtype>
ClipFunction<Dtype> ClipLayer<Dtype>::function() const {
  const ClipParameter& param = this->layer_param_.clip_param();
  Require(this->layer_param_.has_clip_param(), "clip_param with min and max is missing");
  Require(param.min() <= param.max(), "min is ", param.min(), ", above max, which is ",
          param.max());
  return {.low = static_cast<Dtype>(param.min()), .high = static_cast<Dtype>(param.max())};
}

INSTANTIATE_CLASS(ClipLayer);
REGISTER_LAYER_CLASS(Clip);

}  // namespace caffe
