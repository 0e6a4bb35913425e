#include "caffe/layers/drop_path_layer.hpp"

#include "caffe/layers/map_factor_kernels.hpp"
#include "caffe/layers/map_factors.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void DropPathLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::LayerSetUp(bottom, top);
  const DropPathParameter& param = this->layer_param_.drop_path_param();
  per_batch_ = param.per() == RandomUnit::BATCH;
  final_rate_ = DepthShare(param) * (1 - KeepProbability(param));
  ramp_ = DropRamp(param);
}

template <typename Dtype>
void DropPathLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::Reshape(bottom, top);
  Require(bottom[0]->num_axes() >= 1, "the bottom is a single number, but needs a batch axis");
  if (this->phase_ == TRAIN) factor_.Reshape({bottom[0]->shape(0)});
}

template <typename Dtype>
template <class Device>
void DropPathLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  const double rate = drop_rate();
  drew_ = this->phase_ == TRAIN && rate > 0;
  if (!drew_) {
    common_factor_ = Dtype(per_batch_ ? 1 - rate : 1);
    ScaleAll<Device>(BlobPart::kData, common_factor_, *bottom[0], top[0]);
    return;
  }
  const int64_t samples = factor_.count();
  const uint64_t first = caffe_rng()->Reserve(samples);
  draw_factors<Device>(samples, per_batch_, caffe_rng()->philox(), first, BernoulliBound(rate),
                       Dtype(per_batch_ ? 1 : 1 / (1 - rate)), MutableData<Device>(&factor_));
  ScaleMaps<Device>(BlobPart::kData, factor_, *bottom[0], top[0]);
}

template <typename Dtype>
template <class Device>
void DropPathLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                      const vector<bool>& propagate_down,
                                      const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  if (drew_) {
    ScaleMaps<Device>(BlobPart::kDiff, factor_, *top[0], bottom[0]);
  } else {
    ScaleAll<Device>(BlobPart::kDiff, common_factor_, *top[0], bottom[0]);
  }
}

CAFFE_LAYER_ON_DEVICES(DropPathLayer)
INSTANTIATE_CLASS(DropPathLayer);
REGISTER_LAYER_CLASS(DropPath);

}  // namespace caffe
