#include "caffe/layers/bias_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/filler.hpp"
#include "caffe/layers/broadcast_operand.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void BiasLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  if (bottom.size() == 1 && this->blobs_.empty()) {
    const BiasParameter& param = this->layer_param_.bias_param();
    this->blobs_.emplace_back(
        new Blob<Dtype>(LearnedOperandShape(*bottom[0], param.axis(), param.num_axes())));
    shared_ptr<Filler<Dtype>> filler(GetFiller<Dtype>(param.filler()));
    filler->Fill(this->blobs_[0].get());
  }
  this->param_propagate_down_.resize(this->blobs_.size(), true);
}

template <typename Dtype>
void BiasLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                               const vector<Blob<Dtype>*>& top) {
  shape_ = BroadcastShape(*bottom[0], *Operand(bottom), this->layer_param_.bias_param().axis());
  if (bottom[0] != top[0]) top[0]->ReshapeLike(*bottom[0]);
}

template <typename Dtype>
template <class Device>
void BiasLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  const Dtype* x = Data<Device>(*bottom[0]);
  const Dtype* bias = Data<Device>(*Operand(bottom));
  bias_forward<Device>(shape_, x, bias, MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void BiasLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                  const vector<bool>& propagate_down,
                                  const vector<Blob<Dtype>*>& bottom) {
  const bool learned = bottom.size() == 1;
  if (learned ? this->param_propagate_down_[0] : propagate_down[1]) {
    bias_gradient<Device>(shape_, Diff<Device>(*top[0]), Dtype(learned ? 1 : 0),
                          MutableDiff<Device>(Operand(bottom)));
  }
  if (propagate_down[0] && bottom[0] != top[0]) {
    const Dtype* dy = Diff<Device>(*top[0]);
    Copy<Device>(bottom[0]->count(), dy, MutableDiff<Device>(bottom[0]));
  }
}

CAFFE_LAYER_ON_DEVICES(BiasLayer)
INSTANTIATE_CLASS(BiasLayer);
REGISTER_LAYER_CLASS(Bias);

}  // namespace caffe
