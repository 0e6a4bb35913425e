#include "caffe/layers/prelu_layer.hpp"

#include "caffe/filler.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void PReLULayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  const PReLUParameter& param = this->layer_param_.prelu_param();
  Require(bottom[0]->num_axes() >= 2, "the bottom has ", bottom[0]->num_axes(),
          " axes, but channels need at least 2, (batch, channels, ...)");
  channel_shared_ = param.channel_shared();
  const vector<int> shape = channel_shared_ ? vector<int>() : vector<int>{bottom[0]->shape(1)};
  if (this->blobs_.empty()) {
    this->blobs_.emplace_back(new Blob<Dtype>(shape));
    FillerParameter filler_param = param.filler();
    if (!param.has_filler()) filler_param.set_value(0.25f);
    shared_ptr<Filler<Dtype>> filler(GetFiller<Dtype>(filler_param));
    filler->Fill(this->blobs_[0].get());
  }
  const int wanted = channel_shared_ ? 1 : bottom[0]->shape(1);
  Require(this->blobs_.size() == 1 && this->blobs_[0]->count() == wanted,
          "the stored slopes are not ", wanted, " values in one blob");
  this->param_propagate_down_.resize(this->blobs_.size(), true);
}

template <typename Dtype>
void PReLULayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                const vector<Blob<Dtype>*>& top) {
  Require(channel_shared_ || bottom[0]->shape(1) == this->blobs_[0]->count(), "the bottom has ",
          bottom[0]->shape(1), " channels, but the layer has ", this->blobs_[0]->count(),
          " slopes");
  NeuronLayer<Dtype>::Reshape(bottom, top);
  if (bottom[0] == top[0]) bottom_memory_.ReshapeLike(*bottom[0]);
}

template <typename Dtype>
PReLUShape PReLULayer<Dtype>::Shape(const Blob<Dtype>& bottom) const {
  return {.num = bottom.shape(0),
          .channels = bottom.shape(1),
          .inner = bottom.count(2),
          .shared = channel_shared_};
}

template <typename Dtype>
template <class Device>
void PReLULayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  Dtype* keep = bottom[0] == top[0] ? MutableData<Device>(&bottom_memory_) : nullptr;
  prelu_forward<Device>(Shape(*bottom[0]), Data<Device>(*this->blobs_[0]), Data<Device>(*bottom[0]),
                        MutableData<Device>(top[0]), keep);
}

template <typename Dtype>
template <class Device>
void PReLULayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                   const vector<bool>& propagate_down,
                                   const vector<Blob<Dtype>*>& bottom) {
  const PReLUShape shape = Shape(*bottom[0]);
  const Dtype* x = bottom[0] == top[0] ? Data<Device>(bottom_memory_) : Data<Device>(*bottom[0]);
  const Dtype* dy = Diff<Device>(*top[0]);
  if (this->param_propagate_down_[0]) {
    prelu_slope_gradient<Device>(shape, x, dy, MutableDiff<Device>(this->blobs_[0].get()));
  }
  if (propagate_down[0]) {
    prelu_backward<Device>(shape, Data<Device>(*this->blobs_[0]), x, dy,
                           MutableDiff<Device>(bottom[0]));
  }
}

CAFFE_LAYER_ON_DEVICES(PReLULayer)
INSTANTIATE_CLASS(PReLULayer);
REGISTER_LAYER_CLASS(PReLU);

}  // namespace caffe
