#include "caffe/layers/relu_layer.hpp"

#include "caffe/layers/on_device.hpp"
#include "caffe/layers/relu_kernels.hpp"
#include "caffe/native/same_format.hpp"

namespace caffe {

template <typename Dtype>
template <class Device>
void ReLULayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  const Dtype slope = this->layer_param_.relu_param().negative_slope();
  SyncedMemory* x = bottom[0]->data().get();
  SameFormat<Device, Dtype> format(x, bottom[0]->count(), Layouts::kAll);
  const Dtype* from = format.Read(x);
  relu_forward<Device>(format.count(), slope, from, format.Write(top[0]->data().get()));
}

template <typename Dtype>
template <class Device>
void ReLULayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                  const vector<bool>& propagate_down,
                                  const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  const Dtype slope = this->layer_param_.relu_param().negative_slope();
  Require(
      slope >= 0 || bottom[0] != top[0], "negative_slope is ", slope,
      ": in place the sign of the input is lost, and so is its gradient. Give the layer a top of "
      "its own.");
  SyncedMemory* dy = top[0]->diff().get();
  SameFormat<Device, Dtype> format(dy, bottom[0]->count(), Layouts::kAll);
  const Dtype* x = format.Read(bottom[0]->data().get());
  const Dtype* from = format.Read(dy);
  relu_backward<Device>(format.count(), slope, x, from, format.Write(bottom[0]->diff().get()));
}

CAFFE_LAYER_ON_DEVICES(ReLULayer)
INSTANTIATE_CLASS(ReLULayer);
REGISTER_LAYER_CLASS(ReLU);

}  // namespace caffe
