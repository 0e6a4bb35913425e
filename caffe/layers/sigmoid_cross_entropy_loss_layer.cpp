#include "caffe/layers/sigmoid_cross_entropy_loss_layer.hpp"

#include <algorithm>

#include "caffe/layers/on_device.hpp"
#include "caffe/layers/sigmoid_loss_kernels.hpp"

namespace caffe {

template <typename Dtype>
void SigmoidCrossEntropyLossLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                                     const vector<Blob<Dtype>*>& top) {
  LossLayer<Dtype>::LayerSetUp(bottom, top);
  const LossParameter& param = this->layer_param_.loss_param();
  has_ignore_label_ = param.has_ignore_label();
  ignore_label_ = param.ignore_label();
  if (param.has_normalization()) {
    normalization_ = param.normalization();
  } else if (param.has_normalize() && param.normalize()) {
    normalization_ = LossParameter_NormalizationMode_VALID;
  } else {
    normalization_ = LossParameter_NormalizationMode_BATCH_SIZE;
  }
  sums_.Reshape(vector<int>{2});
}

template <typename Dtype>
void SigmoidCrossEntropyLossLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                                  const vector<Blob<Dtype>*>& top) {
  LossLayer<Dtype>::Reshape(bottom, top);
  Require(bottom[0]->count() == bottom[1]->count(), "bottom 0 is ", ShapeText(bottom[0]->shape()),
          ", but bottom 1 is ", ShapeText(bottom[1]->shape()), ". Every score needs a target");
  outer_num_ = bottom[0]->shape(0);
  inner_num_ = bottom[0]->count(1);
}

template <typename Dtype>
Dtype SigmoidCrossEntropyLossLayer<Dtype>::get_normalizer(
    LossParameter_NormalizationMode normalization_mode, int valid_count) {
  Dtype normalizer = 1;
  switch (normalization_mode) {
    case LossParameter_NormalizationMode_FULL:
      normalizer = Dtype(outer_num_) * Dtype(inner_num_);
      break;
    case LossParameter_NormalizationMode_VALID:
      normalizer = valid_count == -1 ? Dtype(outer_num_) * Dtype(inner_num_) : Dtype(valid_count);
      break;
    case LossParameter_NormalizationMode_BATCH_SIZE:
      normalizer = Dtype(outer_num_);
      break;
    case LossParameter_NormalizationMode_NONE:
      break;
  }
  return std::max(Dtype(1), normalizer);
}

template <typename Dtype>
template <class Device>
void SigmoidCrossEntropyLossLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                                    const vector<Blob<Dtype>*>& top) {
  sigmoid_loss_forward<Device>(bottom[0]->count(), Ignored(), Data<Device>(*bottom[0]),
                               Data<Device>(*bottom[1]), MutableData<Device>(&sums_));
  const int valid_count = has_ignore_label_ ? static_cast<int>(sums_.cpu_data()[1]) : -1;
  normalizer_ = get_normalizer(normalization_, valid_count);
  top[0]->mutable_cpu_data()[0] = sums_.cpu_data()[0] / normalizer_;
}

template <typename Dtype>
template <class Device>
void SigmoidCrossEntropyLossLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                                     const vector<bool>& propagate_down,
                                                     const vector<Blob<Dtype>*>& bottom) {
  Require(!propagate_down[1], "targets have no gradient, but bottom 1 is asked for one");
  if (!propagate_down[0]) return;
  sigmoid_loss_backward<Device>(bottom[0]->count(), Ignored(), top[0]->cpu_diff()[0] / normalizer_,
                                Data<Device>(*bottom[0]), Data<Device>(*bottom[1]),
                                MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(SigmoidCrossEntropyLossLayer)
INSTANTIATE_CLASS(SigmoidCrossEntropyLossLayer);
REGISTER_LAYER_CLASS(SigmoidCrossEntropyLoss);

}  // namespace caffe
