#include "caffe/layers/euclidean_loss_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/layers/eltwise_kernels.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void EuclideanLossLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                        const vector<Blob<Dtype>*>& top) {
  LossLayer<Dtype>::Reshape(bottom, top);
  Require(bottom[0]->count(1) == bottom[1]->count(1), "bottom 0 is ", ShapeText(bottom[0]->shape()),
          ", but bottom 1 is ", ShapeText(bottom[1]->shape()), ". They need as many elements");
  diff_.ReshapeLike(*bottom[0]);
}

template <typename Dtype>
template <class Device>
void EuclideanLossLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                          const vector<Blob<Dtype>*>& top) {
  const int64_t n = bottom[0]->count();
  Dtype* difference = MutableData<Device>(&diff_);
  weighted_sum<Device>(n, Dtype(1), Data<Device>(*bottom[0]), Dtype(-1), Data<Device>(*bottom[1]),
                       difference);
  const Dtype squares = Dot<Device>(n, difference, difference);
  top[0]->mutable_cpu_data()[0] = squares / Dtype(2 * bottom[0]->shape(0));
}

template <typename Dtype>
template <class Device>
void EuclideanLossLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                           const vector<bool>& propagate_down,
                                           const vector<Blob<Dtype>*>& bottom) {
  const Dtype loss_weight = top[0]->cpu_diff()[0];
  for (int i = 0; i < 2; ++i) {
    if (!propagate_down[i]) continue;
    const Dtype sign = i == 0 ? Dtype(1) : Dtype(-1);
    scaled_copy<Device>(bottom[i]->count(), sign * loss_weight / Dtype(bottom[i]->shape(0)),
                        Data<Device>(diff_), MutableDiff<Device>(bottom[i]));
  }
}

CAFFE_LAYER_ON_DEVICES(EuclideanLossLayer)
INSTANTIATE_CLASS(EuclideanLossLayer);
REGISTER_LAYER_CLASS(EuclideanLoss);

}  // namespace caffe
