#include "caffe/layers/drop_connect_layer.hpp"

#include <type_traits>

#include "caffe/device/blas.hpp"
#include "caffe/layers/keep_probability.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/layers/relu_kernels.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void DropConnectLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                         const vector<Blob<Dtype>*>& top) {
  const DropConnectParameter& param = this->layer_param_.drop_connect_param();
  keep_ = KeepProbability(param);
  relu_ = param.activation() == DropConnectParameter::RELU;
  InnerProductLayer<Dtype>::LayerSetUp(bottom, top);
}

template <typename Dtype>
void DropConnectLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  InnerProductLayer<Dtype>::Reshape(bottom, top);
  shape_ = {.rows = this->M_,
            .outputs = this->N_,
            .inputs = this->K_,
            .output_step = this->transpose_ ? 1 : this->K_,
            .input_step = this->transpose_ ? this->N_ : 1,
            .bias = this->bias_term_};
  product_.ReshapeLike(*top[0]);
  if (!Drops()) return;
  const int64_t words = shape_.rows * shape_.outputs * shape_.words();
  Require(words <= INT_MAX, shape_.rows, " rows, ", shape_.outputs, " outputs and ", shape_.inputs,
          " inputs are too many connections to drop. Use smaller batches");
  bits_.Reshape({static_cast<int>(words)});
}

template <typename Dtype>
bool DropConnectLayer<Dtype>::IsGaussian() const {
  return this->phase_ == TEST && relu_ && keep_ < 1 &&
         this->layer_param_.drop_connect_param().test() == DropConnectParameter::GAUSSIAN;
}

template <typename Dtype>
template <class Device>
const Dtype* DropConnectLayer<Dtype>::Bias() const {
  return this->bias_term_ ? Data<Device>(*this->blobs_[1]) : nullptr;
}

template <typename Dtype>
template <class Device>
void DropConnectLayer<Dtype>::ForwardDropped(const Blob<Dtype>& bottom, Blob<Dtype>* top) {
  const int64_t words = bits_.count();
  const uint64_t first = caffe_rng()->Reserve(words * 32);
  draw_bits<Device>(words, caffe_rng()->philox(), first, BernoulliBound(1 - keep_),
                    MutableData<Device>(&bits_));
  drop_connect_forward<Device>(shape_, Data<Device>(bits_), Data<Device>(*this->blobs_[0]),
                               Bias<Device>(), Data<Device>(bottom), MutableData<Device>(top));
}

template <typename Dtype>
template <class Device>
void DropConnectLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                        const vector<Blob<Dtype>*>& top) {
  const int64_t n = top[0]->count();
  if (Drops()) {
    ForwardDropped<Device>(*bottom[0], top[0]);
  } else {
    if constexpr (std::is_same_v<Device, Cpu>)
      InnerProductLayer<Dtype>::Forward_cpu(bottom, top);
    else
      InnerProductLayer<Dtype>::Forward_gpu(bottom, top);
    // With keep 1 this is an inner product to the last bit.
    if (keep_ < 1) Scal<Device>(n, Dtype(keep_), MutableData<Device>(top[0]));
  }
  Dtype* y = MutableData<Device>(top[0]);
  if (IsGaussian()) {
    gaussian_relu<Device>(shape_, Dtype(keep_), Data<Device>(*this->blobs_[0]), Bias<Device>(),
                          Data<Device>(*bottom[0]), y);
  } else if (relu_) {
    relu_forward<Device>(n, Dtype(0), y, y);
  }
}

template <typename Dtype>
template <class Device>
void DropConnectLayer<Dtype>::BackwardDropped(const vector<bool>& propagate_down,
                                              Blob<Dtype>* bottom) {
  const Dtype* dy = Diff<Device>(product_);
  const unsigned int* bits = Data<Device>(bits_);
  if (this->param_propagate_down_[0]) {
    drop_connect_backward_weight<Device>(shape_, bits, Data<Device>(*bottom), dy,
                                         MutableDiff<Device>(this->blobs_[0].get()));
  }
  if (this->bias_term_ && this->param_propagate_down_[1]) {
    drop_connect_backward_bias<Device>(shape_, bits, dy,
                                       MutableDiff<Device>(this->blobs_[1].get()));
  }
  if (propagate_down[0]) {
    drop_connect_backward_input<Device>(shape_, bits, Data<Device>(*this->blobs_[0]), dy,
                                        MutableDiff<Device>(bottom));
  }
}

template <typename Dtype>
template <class Device>
void DropConnectLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                         const vector<bool>& propagate_down,
                                         const vector<Blob<Dtype>*>& bottom) {
  Require(
      !IsGaussian(),
      "at test time there is no gradient with test: GAUSSIAN and an activation. Use test: MEAN");
  const int64_t n = top[0]->count();
  Dtype* gradient = MutableDiff<Device>(&product_);
  if (relu_) {
    relu_backward<Device>(n, Dtype(0), Data<Device>(*top[0]), Diff<Device>(*top[0]), gradient);
  } else {
    Copy<Device>(n, Diff<Device>(*top[0]), gradient);
  }
  if (Drops()) {
    BackwardDropped<Device>(propagate_down, bottom[0]);
    return;
  }
  if (keep_ < 1) Scal<Device>(n, Dtype(keep_), gradient);
  if constexpr (std::is_same_v<Device, Cpu>)
    InnerProductLayer<Dtype>::Backward_cpu({&product_}, propagate_down, bottom);
  else
    InnerProductLayer<Dtype>::Backward_gpu({&product_}, propagate_down, bottom);
}

CAFFE_LAYER_ON_DEVICES(DropConnectLayer)
INSTANTIATE_CLASS(DropConnectLayer);
REGISTER_LAYER_CLASS(DropConnect);

}  // namespace caffe
