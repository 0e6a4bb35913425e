#include "caffe/layers/input_layer.hpp"

namespace caffe {

template <typename Dtype>
void InputLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  const InputParameter& param = this->layer_param_.input_param();
  const int shapes = param.shape_size();
  const int tops = static_cast<int>(top.size());
  Require(shapes == 0 || shapes == 1 || shapes == tops, "found ", shapes, " shapes for ", tops,
          " tops. Give none, one for all, or one for each");
  if (shapes == 0) return;
  for (int i = 0; i < tops; ++i) top[i]->Reshape(param.shape(shapes == 1 ? 0 : i));
}

INSTANTIATE_CLASS(InputLayer);
REGISTER_LAYER_CLASS(Input);

}  // namespace caffe
