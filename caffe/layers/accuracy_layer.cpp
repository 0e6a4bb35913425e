#include "caffe/layers/accuracy_layer.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/layers/accuracy_kernels.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void AccuracyLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  const AccuracyParameter& param = this->layer_param_.accuracy_param();
  top_k_ = static_cast<int>(param.top_k());
  has_ignore_label_ = param.has_ignore_label();
  ignore_label_ = param.ignore_label();
}

template <typename Dtype>
void AccuracyLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  label_axis_ = bottom[0]->CanonicalAxisIndex(this->layer_param_.accuracy_param().axis());
  const int classes = bottom[0]->shape(label_axis_);
  Require(top_k_ >= 0 && top_k_ <= classes, "top_k is ", top_k_, ", but there are only ", classes,
          " classes");
  outer_num_ = bottom[0]->count(0, label_axis_);
  inner_num_ = bottom[0]->count(label_axis_ + 1);
  Require(outer_num_ * inner_num_ == bottom[1]->count(), "scores of ",
          ShapeText(bottom[0]->shape()), " with the classes on axis ", label_axis_, " need ",
          outer_num_ * inner_num_, " labels, but bottom 1 is ", ShapeText(bottom[1]->shape()));
  top[0]->Reshape(vector<int>());
  rank_.Reshape(vector<int>{outer_num_ * inner_num_});
  if (top.size() > 1) {
    top[1]->Reshape(vector<int>{classes});
    nums_buffer_.Reshape(vector<int>{classes});
  }
}

/// As in Caffe an item counts as right if the score of its label is not a number.
template <typename Dtype>
void AccuracyLayer<Dtype>::WarnOfNan(int64_t items, const Dtype* rank) {
  const int64_t count = std::count(rank, rank + items, Dtype(0));
  if (count == 0 || warned_of_nan_) return;
  warned_of_nan_ = true;
  LOG(WARNING) << "Layer " << this->layer_param_.name() << " (Accuracy): " << count << " of "
               << items << " items have scores that are not numbers (NaN). Each counts as right, "
               << "so this accuracy means nothing.";
}

template <typename Dtype>
template <class Device>
void AccuracyLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  const ClassShape shape{
      .outer = outer_num_, .classes = bottom[0]->shape(label_axis_), .inner = inner_num_};
  const int64_t n = bottom[1]->count();
  if constexpr (std::is_same_v<Device, Cpu>) {
    RequireLabels(n, bottom[1]->cpu_data(), shape.classes, Ignored());
  }
  const Dtype* labels = Data<Device>(*bottom[1]);
  Dtype* rank = MutableData<Device>(&rank_);
  label_rank<Device, Dtype>(shape, Data<Device>(*bottom[0]), labels, rank);
  if constexpr (std::is_same_v<Device, Cpu>) WarnOfNan(n, rank);
  mean_accuracy<Device, Dtype>(n, top_k_, Ignored(), labels, rank, MutableData<Device>(top[0]));
  if (top.size() > 1) {
    class_accuracy<Device, Dtype>(n, shape.classes, top_k_, Ignored(), labels, rank,
                                  MutableData<Device>(top[1]), MutableData<Device>(&nums_buffer_));
  }
}

template <typename Dtype>
void AccuracyLayer<Dtype>::Backward_cpu(const vector<Blob<Dtype>*>& top,
                                        const vector<bool>& propagate_down,
                                        const vector<Blob<Dtype>*>& bottom) {
  for (const bool wanted : propagate_down) {
    Require(!wanted, "accuracy has no gradient, but a bottom is asked for one. Set ",
            "propagate_down: false, or leave force_backward out");
  }
}

CAFFE_FORWARD_ON_DEVICES(AccuracyLayer)
INSTANTIATE_CLASS(AccuracyLayer);
REGISTER_LAYER_CLASS(Accuracy);

}  // namespace caffe
