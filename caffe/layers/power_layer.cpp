#include "caffe/layers/power_layer.hpp"

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
template <class Device>
void PowerLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  WithFunction(
      [&](const auto& f) { runner_.template Forward<Device>(f, this->phase_, bottom[0], top[0]); });
}

template <typename Dtype>
template <class Device>
void PowerLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                   const vector<bool>& propagate_down,
                                   const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  WithFunction([&](const auto& f) {
    runner_.template Backward<Device>(f, this->phase_, top[0], bottom[0]);
  });
}

CAFFE_LAYER_ON_DEVICES(PowerLayer)
INSTANTIATE_CLASS(PowerLayer);
REGISTER_LAYER_CLASS(Power);

}  // namespace caffe
