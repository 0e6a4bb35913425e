#include "caffe/layers/class_token_layer.hpp"

#include "caffe/filler.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void ClassTokenLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                        const vector<Blob<Dtype>*>& top) {
  Require(bottom[0]->num_axes() == 3 && bottom[0]->shape(2) > 0, "The bottom is ",
          ShapeText(bottom[0]->shape()), ". It must have 3 axes: batch, position, feature.");
  const vector<int> shape{1, 1, bottom[0]->shape(2)};
  auto& blobs = this->blobs_;
  if (blobs.empty()) {
    blobs.emplace_back(new Blob<Dtype>(shape));
    const FillerParameter& filler = this->layer_param_.class_token_param().filler();
    shared_ptr<Filler<Dtype>>(GetFiller<Dtype>(filler))->Fill(blobs[0].get());
  } else {
    Require(blobs.size() == 1 && blobs[0]->shape() == shape, "The definition brings ", blobs.size(),
            " blobs of weights, the first of shape ", ShapeText(blobs[0]->shape()),
            "; this layer has one of ", ShapeText(shape), ".");
  }
  this->param_propagate_down_.resize(1, true);
}

template <typename Dtype>
void ClassTokenLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  Require(top[0] != bottom[0], "this layer type cannot work in place");
  const int features = this->blobs_[0]->shape(2);
  Require(bottom[0]->num_axes() == 3 && bottom[0]->shape(2) == features, "The bottom is ",
          ShapeText(bottom[0]->shape()), ", but the token has ", features, " features.");
  shape_ = {.num = bottom[0]->shape(0), .tokens = bottom[0]->shape(1), .features = features};
  top[0]->Reshape({bottom[0]->shape(0), bottom[0]->shape(1) + 1, features});
}

template <typename Dtype>
template <class Device>
void ClassTokenLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  class_token_forward<Device>(shape_, Data<Device>(*bottom[0]), Data<Device>(*this->blobs_[0]),
                              MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void ClassTokenLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                        const vector<bool>& propagate_down,
                                        const vector<Blob<Dtype>*>& bottom) {
  const Dtype* dy = Diff<Device>(*top[0]);
  if (this->param_propagate_down_[0]) {
    class_token_gradient<Device>(shape_, dy, MutableDiff<Device>(this->blobs_[0].get()));
  }
  if (propagate_down[0]) class_token_backward<Device>(shape_, dy, MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(ClassTokenLayer)
INSTANTIATE_CLASS(ClassTokenLayer);
REGISTER_LAYER_CLASS(ClassToken);

}  // namespace caffe
