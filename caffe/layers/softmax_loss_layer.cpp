#include "caffe/layers/softmax_loss_layer.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/layers/on_device.hpp"
#include "caffe/layers/softmax_loss_kernels.hpp"

namespace caffe {

template <typename Dtype>
void SoftmaxWithLossLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                             const vector<Blob<Dtype>*>& top) {
  LossLayer<Dtype>::LayerSetUp(bottom, top);
  LayerParameter& param = this->layer_param_;
  if (top.size() == 2) {
    if (param.loss_weight_size() == 1) param.add_loss_weight(0);
    Require(param.loss_weight_size() < 2 || param.loss_weight(1) == 0, "top 1, the ",
            "probabilities, has loss_weight ", param.loss_weight(1), ", but only 0 makes sense");
  }
  LayerParameter softmax_param(param);
  softmax_param.set_type("Softmax");
  softmax_param.clear_loss_weight();
  softmax_layer_ = LayerRegistry<Dtype>::CreateLayer(softmax_param);
  softmax_bottom_vec_ = {bottom[0]};
  softmax_top_vec_ = {&prob_};
  softmax_layer_->SetUp(softmax_bottom_vec_, softmax_top_vec_);

  const LossParameter& loss_param = param.loss_param();
  has_ignore_label_ = loss_param.has_ignore_label();
  ignore_label_ = loss_param.ignore_label();
  if (!loss_param.has_normalization() && loss_param.has_normalize()) {
    normalization_ = loss_param.normalize() ? LossParameter_NormalizationMode_VALID
                                            : LossParameter_NormalizationMode_BATCH_SIZE;
  } else {
    normalization_ = loss_param.normalization();
  }
  valid_.Reshape(vector<int>());
}

template <typename Dtype>
void SoftmaxWithLossLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                          const vector<Blob<Dtype>*>& top) {
  LossLayer<Dtype>::Reshape(bottom, top);
  softmax_bottom_vec_[0] = bottom[0];
  softmax_layer_->Reshape(softmax_bottom_vec_, softmax_top_vec_);
  softmax_axis_ = bottom[0]->CanonicalAxisIndex(this->layer_param_.softmax_param().axis());
  outer_num_ = bottom[0]->count(0, softmax_axis_);
  inner_num_ = bottom[0]->count(softmax_axis_ + 1);
  Require(outer_num_ * inner_num_ == bottom[1]->count(), "scores of ",
          ShapeText(bottom[0]->shape()), " with the classes on axis ", softmax_axis_, " need ",
          outer_num_ * inner_num_, " labels, but bottom 1 is ", ShapeText(bottom[1]->shape()));
  if (top.size() == 2) top[1]->ReshapeLike(*bottom[0]);
}

template <typename Dtype>
Dtype SoftmaxWithLossLayer<Dtype>::get_normalizer(
    LossParameter_NormalizationMode normalization_mode, int valid_count) {
  Dtype normalizer = 1;
  switch (normalization_mode) {
    case LossParameter_NormalizationMode_FULL:
      normalizer = Dtype(outer_num_ * inner_num_);
      break;
    case LossParameter_NormalizationMode_VALID:
      normalizer = Dtype(valid_count == -1 ? outer_num_ * inner_num_ : valid_count);
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
int SoftmaxWithLossLayer<Dtype>::ValidCount(const Blob<Dtype>& labels) {
  // Reading the count waits for a GPU, so only where it matters.
  if (!has_ignore_label_ || normalization_ != LossParameter_NormalizationMode_VALID) return -1;
  count_labels<Device>(labels.count(), Ignored(), Data<Device>(labels),
                       MutableData<Device>(&valid_));
  return static_cast<int>(valid_.cpu_data()[0]);
}

template <typename Dtype>
template <class Device>
void SoftmaxWithLossLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                            const vector<Blob<Dtype>*>& top) {
  const ClassShape shape{
      .outer = outer_num_, .classes = bottom[0]->shape(softmax_axis_), .inner = inner_num_};
  if constexpr (std::is_same_v<Device, Cpu>) {
    RequireLabels(bottom[1]->count(), bottom[1]->cpu_data(), shape.classes, Ignored());
  }
  softmax_layer_->Forward(softmax_bottom_vec_, softmax_top_vec_);
  normalizer_ = get_normalizer(normalization_, ValidCount<Device>(*bottom[1]));
  softmax_loss_forward<Device>(shape, Ignored(), normalizer_, Data<Device>(prob_),
                               Data<Device>(*bottom[1]), MutableData<Device>(top[0]));
  if (top.size() == 2) top[1]->ShareData(prob_);
}

template <typename Dtype>
template <class Device>
void SoftmaxWithLossLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                             const vector<bool>& propagate_down,
                                             const vector<Blob<Dtype>*>& bottom) {
  Require(!propagate_down[1], "labels have no gradient, but bottom 1 is asked for one");
  if (!propagate_down[0]) return;
  const ClassShape shape{
      .outer = outer_num_, .classes = bottom[0]->shape(softmax_axis_), .inner = inner_num_};
  const Dtype loss_weight = top[0]->cpu_diff()[0];
  softmax_loss_backward<Device>(shape, Ignored(), loss_weight / normalizer_, Data<Device>(prob_),
                                Data<Device>(*bottom[1]), MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(SoftmaxWithLossLayer)
INSTANTIATE_CLASS(SoftmaxWithLossLayer);
REGISTER_LAYER_CLASS(SoftmaxWithLoss);

}  // namespace caffe
