#include "caffe/layers/shake_shake_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/layers/map_factors.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/layers/shake_kernels.hpp"
#include "caffe/util/random_draws.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void ShakeShakeLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                        const vector<Blob<Dtype>*>& top) {
  const ShakeShakeParameter& param = this->layer_param_.shake_shake_param();
  Require(param.forward() != ShakeShakeParameter::KEEP,
          "forward is KEEP, but only the gradient can keep a number. Use SHAKE or EVEN");
  per_batch_ = param.per() == RandomUnit::BATCH;
}

template <typename Dtype>
void ShakeShakeLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  for (const Blob<Dtype>* blob : bottom) {
    Require(blob != top[0], "the top is a bottom, but this layer does not work in place");
    Require(blob->shape() == bottom[0]->shape(), "the bottoms are ", ShapeText(bottom[0]->shape()),
            " and ", ShapeText(blob->shape()), ". All have to be the same");
  }
  Require(bottom[0]->num_axes() >= 1, "the bottoms are single numbers, but need a batch axis");
  top[0]->ReshapeLike(*bottom[0]);
  for (Shares* shares : {&forward_, &backward_}) {
    shares->f.Reshape({bottom[0]->shape(0)});
    shares->g.Reshape({bottom[0]->shape(0)});
  }
}

template <typename Dtype>
template <class Device>
void ShakeShakeLayer<Dtype>::Choose(ShakeShakeParameter::Coefficient coefficient, Shares* shares) {
  const int64_t samples = shares->f.count();
  Dtype* f = MutableData<Device>(&shares->f);
  Dtype* g = MutableData<Device>(&shares->g);
  if (this->phase_ == TRAIN && coefficient == ShakeShakeParameter::SHAKE) {
    UniformSource<Dtype> source{.shared = per_batch_};
    source.first = caffe_rng()->Reserve(samples * DrawWords<Dtype>::kUniform);
    draw_shares<Device>(samples, caffe_rng()->philox(), source, f, g);
  } else if (this->phase_ == TRAIN && coefficient == ShakeShakeParameter::KEEP) {
    Copy<Device>(samples, Data<Device>(forward_.f), f);
    Copy<Device>(samples, Data<Device>(forward_.g), g);
  } else {
    Fill<Device>(samples, Dtype(0.5), f);
    Fill<Device>(samples, Dtype(0.5), g);
  }
}

template <typename Dtype>
template <class Device>
void ShakeShakeLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  if (bottom[0]->count() == 0) return;
  const ShakeShakeParameter& param = this->layer_param_.shake_shake_param();
  Choose<Device>(param.forward(), &forward_);
  Choose<Device>(param.backward(), &backward_);
  BlockFormat<Device, Dtype> format(BlobPart::kData, bottom, bottom);
  const size_t first = bottom.size() - 2;  // branch
  const Dtype* x = first == 1 ? format.Read(*bottom[0]) : nullptr;
  const Dtype* f = format.Read(*bottom[first]);
  const Dtype* g = format.Read(*bottom[first + 1]);
  mix_samples<Device>(bottom[0]->shape(0), bottom[0]->count(1), Data<Device>(forward_.f), f,
                      Data<Device>(forward_.g), g, x, format.Write(top[0]));
}

template <typename Dtype>
template <class Device>
void ShakeShakeLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                        const vector<bool>& propagate_down,
                                        const vector<Blob<Dtype>*>& bottom) {
  const size_t first = bottom.size() - 2;  // branch
  if (first == 1 && propagate_down[0]) {
    ScaleAll<Device>(BlobPart::kDiff, Dtype(1), *top[0], bottom[0]);
  }
  if (propagate_down[first]) {
    ScaleMaps<Device>(BlobPart::kDiff, backward_.f, *top[0], bottom[first]);
  }
  if (propagate_down[first + 1]) {
    ScaleMaps<Device>(BlobPart::kDiff, backward_.g, *top[0], bottom[first + 1]);
  }
}

CAFFE_LAYER_ON_DEVICES(ShakeShakeLayer)
INSTANTIATE_CLASS(ShakeShakeLayer);
REGISTER_LAYER_CLASS(ShakeShake);

}  // namespace caffe
