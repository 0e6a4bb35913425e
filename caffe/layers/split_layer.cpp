#include "caffe/layers/split_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/layers/eltwise_kernels.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/native/same_format.hpp"

namespace caffe {

template <typename Dtype>
void SplitLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                const vector<Blob<Dtype>*>& top) {
  count_ = bottom[0]->count();
  for (Blob<Dtype>* blob : top) {
    // The tops' gradients must not share memory with their sum.
    Require(blob != bottom[0], "this layer type cannot work in place");
    blob->ReshapeLike(*bottom[0]);
  }
}

template <typename Dtype>
void SplitLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  for (Blob<Dtype>* blob : top) blob->ShareData(*bottom[0]);
}

template <typename Dtype>
template <class Device>
void SplitLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                   const vector<bool>& propagate_down,
                                   const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  SameFormat<Device, Dtype> format(top[0]->diff().get(), count_, Layouts::kAll);
  const Dtype* sum = format.Read(top[0]->diff().get());
  Dtype* dx = format.Write(bottom[0]->diff().get());
  if (top.size() == 1) {
    Copy<Device>(format.count(), sum, dx);
    return;
  }
  for (size_t i = 1; i < top.size(); ++i) {
    weighted_sum<Device>(format.count(), Dtype(1), sum, Dtype(1), format.Read(top[i]->diff().get()),
                         dx);
    sum = dx;
  }
}

CAFFE_BACKWARD_ON_DEVICES(SplitLayer)
INSTANTIATE_CLASS(SplitLayer);
REGISTER_LAYER_CLASS(Split);

}  // namespace caffe
