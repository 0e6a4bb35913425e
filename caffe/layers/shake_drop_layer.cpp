#include "caffe/layers/shake_drop_layer.hpp"

#include "caffe/layers/keep_probability.hpp"
#include "caffe/layers/map_factors.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/layers/shake_kernels.hpp"
#include "caffe/util/random_draws.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void ShakeDropLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::LayerSetUp(bottom, top);
  const ShakeDropParameter& param = this->layer_param_.shake_drop_param();
  rate_ = DepthShare(param) * (1 - KeepProbability(param));
  Require(param.alpha_min() <= param.alpha_max(), "alpha_min is ", param.alpha_min(),
          ", but must not be above alpha_max, ", param.alpha_max());
  Require(param.beta_min() <= param.beta_max(), "beta_min is ", param.beta_min(),
          ", but must not be above beta_max, ", param.beta_max());
  const double mean_alpha = (double(param.alpha_min()) + param.alpha_max()) / 2;
  expected_ = Dtype(1 - rate_ + rate_ * mean_alpha);
}

template <typename Dtype>
void ShakeDropLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::Reshape(bottom, top);
  Require(bottom[0]->num_axes() >= 1, "the bottom is a single number, but needs a batch axis");
  if (!Draws()) return;
  forward_.Reshape({bottom[0]->shape(0)});
  backward_.Reshape({bottom[0]->shape(0)});
}

template <typename Dtype>
template <class Device>
void ShakeDropLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  if (!Draws()) {
    ScaleAll<Device>(BlobPart::kData, expected_, *bottom[0], top[0]);
    return;
  }
  const ShakeDropParameter& param = this->layer_param_.shake_drop_param();
  const int64_t samples = forward_.count();
  const bool shared = param.shake_per() == RandomUnit::BATCH;
  ShakeDropDraws<Dtype> draws;
  draws.gate_first = caffe_rng()->Reserve(samples);
  draws.gate_shared = param.gate_per() == RandomUnit::BATCH;
  draws.bound = BernoulliBound(rate_);
  const int64_t uniform_words = samples * DrawWords<Dtype>::kUniform;
  draws.alpha = {.first = caffe_rng()->Reserve(uniform_words),
                 .shared = shared,
                 .min = param.alpha_min(),
                 .max = param.alpha_max()};
  draws.beta = {.first = caffe_rng()->Reserve(uniform_words),
                .shared = shared,
                .min = param.beta_min(),
                .max = param.beta_max()};
  draw_shake_drop<Device>(samples, caffe_rng()->philox(), draws, MutableData<Device>(&forward_),
                          MutableData<Device>(&backward_));
  ScaleMaps<Device>(BlobPart::kData, forward_, *bottom[0], top[0]);
}

template <typename Dtype>
template <class Device>
void ShakeDropLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                       const vector<bool>& propagate_down,
                                       const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  if (Draws()) {
    ScaleMaps<Device>(BlobPart::kDiff, backward_, *top[0], bottom[0]);
  } else {
    ScaleAll<Device>(BlobPart::kDiff, expected_, *top[0], bottom[0]);
  }
}

CAFFE_LAYER_ON_DEVICES(ShakeDropLayer)
INSTANTIATE_CLASS(ShakeDropLayer);
REGISTER_LAYER_CLASS(ShakeDrop);

}  // namespace caffe
