#include "caffe/layers/permute_layer.hpp"

#include <algorithm>

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void PermuteLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  Require(bottom[0] != top[0], "cannot work in place. Give the top another name than the bottom");
  const int axes = bottom[0]->num_axes();
  const PermuteParameter& param = this->layer_param_.permute_param();
  order_.clear();
  for (const uint32_t axis : param.order()) {
    Require(axis < static_cast<uint32_t>(axes), "order names axis ", axis, ", but the bottom has ",
            axes, " axes");
    Require(std::count(order_.begin(), order_.end(), static_cast<int>(axis)) == 0,
            "order names axis ", axis, " twice");
    order_.push_back(static_cast<int>(axis));
  }
  for (int axis = 0; axis < axes; ++axis) {
    if (std::count(order_.begin(), order_.end(), axis) == 0) order_.push_back(axis);
  }
}

template <typename Dtype>
void PermuteLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  Require(bottom[0]->num_axes() == static_cast<int>(order_.size()), "the bottom has ",
          bottom[0]->num_axes(), " axes, but the layer was set up for ", order_.size());
  vector<int> shape, inverse(order_.size());
  for (size_t i = 0; i < order_.size(); ++i) {
    shape.push_back(bottom[0]->shape(order_[i]));
    inverse[order_[i]] = static_cast<int>(i);
  }
  top[0]->Reshape(shape);
  forward_ = PermuteAxes(bottom[0]->shape(), order_);
  backward_ = PermuteAxes(shape, inverse);
}

template <typename Dtype>
template <class Device>
void PermuteLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  permute<Device>(forward_, Data<Device>(*bottom[0]), MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void PermuteLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                     const vector<bool>& propagate_down,
                                     const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  permute<Device>(backward_, Diff<Device>(*top[0]), MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(PermuteLayer)
INSTANTIATE_CLASS(PermuteLayer);
REGISTER_LAYER_CLASS(Permute);

}  // namespace caffe
