#include "caffe/layers/dropout_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/layers/dropout_kernels.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void DropoutLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::LayerSetUp(bottom, top);
  threshold_ = this->layer_param_.dropout_param().dropout_ratio();
  Require(threshold_ >= 0 && threshold_ < 1, "dropout_ratio is ", threshold_,
          ", but has to be at least 0 and below 1");
  scale_ = Dtype(1) / (Dtype(1) - threshold_);
  uint_thres_ = static_cast<unsigned int>(BernoulliBound(threshold_));
}

template <typename Dtype>
void DropoutLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::Reshape(bottom, top);
  if (this->phase_ == TRAIN) rand_vec_.Reshape(bottom[0]->shape());
}

template <typename Dtype>
template <class Device>
void DropoutLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  const int64_t n = bottom[0]->count();
  const Dtype* x = Data<Device>(*bottom[0]);
  if (this->phase_ == TRAIN) {
    const uint64_t first = caffe_rng()->Reserve(n);
    dropout_forward<Device>(n, caffe_rng()->philox(), first, uint_thres_, scale_, x,
                            MutableData<Device>(&rand_vec_), MutableData<Device>(top[0]));
  } else if (bottom[0] != top[0]) {
    Copy<Device>(n, x, MutableData<Device>(top[0]));
  }
}

template <typename Dtype>
template <class Device>
void DropoutLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                     const vector<bool>& propagate_down,
                                     const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  const int64_t n = bottom[0]->count();
  const Dtype* dy = Diff<Device>(*top[0]);
  if (this->phase_ == TRAIN) {
    dropout_backward<Device>(n, scale_, Data<Device>(rand_vec_), dy,
                             MutableDiff<Device>(bottom[0]));
  } else if (bottom[0] != top[0]) {
    Copy<Device>(n, dy, MutableDiff<Device>(bottom[0]));
  }
}

CAFFE_LAYER_ON_DEVICES(DropoutLayer)
INSTANTIATE_CLASS(DropoutLayer);
REGISTER_LAYER_CLASS(Dropout);

}  // namespace caffe
