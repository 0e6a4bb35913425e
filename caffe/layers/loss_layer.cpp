#include "caffe/layers/loss_layer.hpp"

namespace caffe {

template <typename Dtype>
void LossLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  if (this->layer_param_.loss_weight_size() == 0) this->layer_param_.add_loss_weight(Dtype(1));
}

template <typename Dtype>
void LossLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                               const vector<Blob<Dtype>*>& top) {
  Require(bottom[0]->num_axes() > 0 && bottom[1]->num_axes() > 0 &&
              bottom[0]->shape(0) == bottom[1]->shape(0),
          "predictions are ", ShapeText(bottom[0]->shape()), " and targets ",
          ShapeText(bottom[1]->shape()), ", but axis 0, the batch, has to be the same");
  top[0]->Reshape(vector<int>());
}

INSTANTIATE_CLASS(LossLayer);

}  // namespace caffe
