#include "caffe/layers/relu_layer.hpp"

#include "caffe/layers/on_device.hpp"
#include "caffe/layers/relu_kernels.hpp"

namespace caffe {

template <typename Dtype>
template <class Device>
void ReLULayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  const Dtype slope = this->layer_param_.relu_param().negative_slope();
  relu_forward<Device>(bottom[0]->count(), slope, Data<Device>(*bottom[0]),
                       MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void ReLULayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                  const vector<bool>& propagate_down,
                                  const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  const Dtype slope = this->layer_param_.relu_param().negative_slope();
  relu_backward<Device>(bottom[0]->count(), slope, Data<Device>(*bottom[0]), Diff<Device>(*top[0]),
                        MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(ReLULayer)
INSTANTIATE_CLASS(ReLULayer);
REGISTER_LAYER_CLASS(ReLU);

}  // namespace caffe
