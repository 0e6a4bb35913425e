#include "caffe/layers/threshold_layer.hpp"

namespace caffe {

template <typename Dtype>
ThresholdFunction<Dtype> ThresholdLayer<Dtype>::function() const {
  return {static_cast<Dtype>(this->layer_param_.threshold_param().threshold())};
}

template <typename Dtype>
void ThresholdLayer<Dtype>::Backward_cpu(const vector<Blob<Dtype>*>& top,
                                         const vector<bool>& propagate_down,
                                         const vector<Blob<Dtype>*>& bottom) {
  Require(!propagate_down[0], "a step has no gradient. Set propagate_down: false");
}

INSTANTIATE_CLASS(ThresholdLayer);
REGISTER_LAYER_CLASS(Threshold);

}  // namespace caffe
