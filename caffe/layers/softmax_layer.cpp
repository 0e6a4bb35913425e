#include "caffe/layers/softmax_layer.hpp"

#include "caffe/layers/on_device.hpp"
#include "caffe/layers/softmax_kernels.hpp"

namespace caffe {

template <typename Dtype>
void SoftmaxLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  softmax_axis_ = bottom[0]->CanonicalAxisIndex(this->layer_param_.softmax_param().axis());
  top[0]->ReshapeLike(*bottom[0]);
  outer_num_ = bottom[0]->count(0, softmax_axis_);
  inner_num_ = bottom[0]->count(softmax_axis_ + 1);
  vector<int> sums = bottom[0]->shape();
  sums[softmax_axis_] = 1;
  scale_.Reshape(sums);
}

template <typename Dtype>
template <class Device>
void SoftmaxLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  const Dtype* x = Data<Device>(*bottom[0]);
  softmax_forward<Device>(
      {.outer = outer_num_, .classes = bottom[0]->shape(softmax_axis_), .inner = inner_num_}, x,
      MutableData<Device>(&scale_), MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void SoftmaxLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                     const vector<bool>& propagate_down,
                                     const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  const Dtype* dy = Diff<Device>(*top[0]);
  softmax_backward<Device>(
      {.outer = outer_num_, .classes = top[0]->shape(softmax_axis_), .inner = inner_num_},
      Data<Device>(*top[0]), dy, MutableData<Device>(&scale_), MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(SoftmaxLayer)
INSTANTIATE_CLASS(SoftmaxLayer);
REGISTER_LAYER_CLASS(Softmax);

}  // namespace caffe
