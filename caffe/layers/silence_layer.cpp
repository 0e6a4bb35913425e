#include "caffe/layers/silence_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
template <class Device>
void SilenceLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                     const vector<bool>& propagate_down,
                                     const vector<Blob<Dtype>*>& bottom) {
  for (size_t i = 0; i < bottom.size(); ++i) {
    if (propagate_down[i]) {
      Fill<Device>(bottom[i]->count(), Dtype(0), MutableDiff<Device>(bottom[i]));
    }
  }
}

CAFFE_BACKWARD_ON_DEVICES(SilenceLayer)
INSTANTIATE_CLASS(SilenceLayer);
REGISTER_LAYER_CLASS(Silence);

}  // namespace caffe
