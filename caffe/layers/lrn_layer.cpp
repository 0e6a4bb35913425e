#include "caffe/layers/lrn_layer.hpp"

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void LRNLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  const LRNParameter& param = this->layer_param_.lrn_param();
  size_ = static_cast<int>(param.local_size());
  Require(size_ % 2 == 1, "local_size is ", size_, ", but has to be odd");
  alpha_ = param.alpha();
  beta_ = param.beta();
  k_ = param.norm_region() == LRNParameter::WITHIN_CHANNEL ? 1 : param.k();
  Require(bottom[0] != top[0], "cannot work in place. Give the top another name than the bottom");
}

template <typename Dtype>
void LRNLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {
  Require(bottom[0]->num_axes() == 4, "the bottom is ", ShapeText(bottom[0]->shape()),
          ", wanted are 4 axes: number x channels x height x width");
  num_ = bottom[0]->num();
  channels_ = bottom[0]->channels();
  height_ = bottom[0]->height();
  width_ = bottom[0]->width();
  top[0]->ReshapeLike(*bottom[0]);
  scale_.ReshapeLike(*bottom[0]);
}

template <typename Dtype>
LrnShape LRNLayer<Dtype>::Shape() const {
  const bool within = this->layer_param_.lrn_param().norm_region() == LRNParameter::WITHIN_CHANNEL;
  return {.num = num_,
          .channels = channels_,
          .height = height_,
          .width = width_,
          .size = size_,
          .within = within};
}

template <typename Dtype>
template <class Device>
void LRNLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                const vector<Blob<Dtype>*>& top) {
  const LrnShape shape = Shape();
  const Dtype* x = Data<Device>(*bottom[0]);
  const Dtype factor = alpha_ / Dtype(shape.within ? size_ * size_ : size_);
  lrn_scale<Device>(shape, k_, factor, x, MutableData<Device>(&scale_));
  lrn_forward<Device>(shape, beta_, x, Data<Device>(scale_), MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void LRNLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                 const vector<bool>& propagate_down,
                                 const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  const LrnShape shape = Shape();
  const Dtype factor = alpha_ / Dtype(shape.within ? size_ * size_ : size_);
  lrn_backward<Device>(shape, factor, beta_, Data<Device>(*bottom[0]), Data<Device>(*top[0]),
                       Data<Device>(scale_), Diff<Device>(*top[0]), MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(LRNLayer)
INSTANTIATE_CLASS(LRNLayer);
REGISTER_LAYER_CLASS(LRN);

}  // namespace caffe
