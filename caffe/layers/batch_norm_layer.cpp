#include "caffe/layers/batch_norm_layer.hpp"

#include <type_traits>

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void BatchNormLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  const BatchNormParameter& param = this->layer_param_.batch_norm_param();
  moving_average_fraction_ = param.moving_average_fraction();
  eps_ = param.eps();
  use_global_stats_ =
      param.has_use_global_stats() ? param.use_global_stats() : this->phase_ == TEST;
  Require(bottom[0]->num_axes() >= 2, "the bottom has ", bottom[0]->num_axes(),
          " axes, but normalising channels needs at least 2, (batch, channels, ...)");
  channels_ = bottom[0]->shape(1);
  if (this->blobs_.empty()) {
    this->blobs_.resize(3);
    for (int i = 0; i < 3; ++i) {
      this->blobs_[i].reset(new Blob<Dtype>(vector<int>{i < 2 ? channels_ : 1}));
      caffe_set(this->blobs_[i]->count(), Dtype(0), this->blobs_[i]->mutable_cpu_data());
    }
  }
  Require(this->blobs_.size() == 3, "found ", this->blobs_.size(),
          " stored blobs, but batch normalisation has 3: mean sum, variance sum, scale factor");
  for (int i = 0; i < 3; ++i) {
    const int wanted = i < 2 ? channels_ : 1;
    Require(this->blobs_[i]->count() == wanted, "stored blob ", i, " has ",
            this->blobs_[i]->count(), " values, wanted are ", wanted);
    if (this->layer_param_.param_size() == i) {
      this->layer_param_.add_param()->set_lr_mult(0);
    } else {
      Require(this->layer_param_.param(i).lr_mult() == 0, "param ", i, " has lr_mult ",
              this->layer_param_.param(i).lr_mult(), ", but the statistics of batch ",
              "normalisation are not learned. Write lr_mult: 0, or leave the param entries out");
    }
  }
}

template <typename Dtype>
void BatchNormLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  Require(bottom[0]->num_axes() >= 2 && bottom[0]->shape(1) == channels_, "the bottom is ",
          ShapeText(bottom[0]->shape()), ", but the layer was set up for ", channels_,
          " channels on axis 1");
  const vector<int> per_channel{channels_};
  mean_.Reshape(per_channel);
  variance_.Reshape(per_channel);
  inverse_deviation_.Reshape(per_channel);
  temp_.Reshape(vector<int>{2, channels_});
  if (bottom[0] == top[0]) {
    x_norm_.ReshapeLike(*bottom[0]);
  } else {
    top[0]->ReshapeLike(*bottom[0]);
  }
}

template <typename Dtype>
ChannelShape BatchNormLayer<Dtype>::Shape(const Blob<Dtype>& bottom) const {
  return ChannelShape{.num = bottom.shape(0), .channels = channels_, .spatial = bottom.count(2)};
}

template <typename Dtype>
template <class Device>
BatchNormState<Dtype> BatchNormLayer<Dtype>::State() {
  return BatchNormState<Dtype>{.mean = MutableData<Device>(&mean_),
                               .deviation = MutableData<Device>(&variance_),
                               .inverse_deviation = MutableData<Device>(&inverse_deviation_),
                               .mean_sum = MutableData<Device>(this->blobs_[0].get()),
                               .variance_sum = MutableData<Device>(this->blobs_[1].get()),
                               .scale_factor = MutableData<Device>(this->blobs_[2].get())};
}

template <typename Dtype>
typename BlockedNorm<Dtype>::Parts BatchNormLayer<Dtype>::BlockedParts() const {
  typename BlockedNorm<Dtype>::Parts parts;
  for (const auto& blob : this->blobs_) parts.statistics.push_back(blob.get());
  parts.eps = eps_;
  parts.moving_average_fraction = moving_average_fraction_;
  parts.use_stored = use_global_stats_;
  return parts;
}

template <typename Dtype>
typename BlockedNorm<Dtype>::Operands BatchNormLayer<Dtype>::BlockedOperands(
    Blob<Dtype>* bottom, Blob<Dtype>* top) const {
  return {.num = bottom->shape(0),
          .channels = channels_,
          .positions = bottom->count(2),
          .x = bottom,
          .y = top};
}

template <typename Dtype>
template <class Device>
void BatchNormLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  blocked_.set_ran(false);
  if (bottom[0]->count() == 0) return;
  if constexpr (std::is_same_v<Device, Cpu>) {
    if (blocked_.Forward(BlockedParts(), BlockedOperands(bottom[0], top[0]), nullptr)) return;
  }
  const ChannelShape shape = Shape(*bottom[0]);
  const BatchNormState<Dtype> state = State<Device>();
  const Dtype* x = Data<Device>(*bottom[0]);
  Dtype* keep = nullptr;
  if (use_global_stats_) {
    batch_norm_stored_statistics<Device>(shape.channels, eps_, state);
  } else {
    batch_norm_statistics<Device>(shape, eps_, moving_average_fraction_, x, state);
    // A following layer that works in place overwrites the top, but nobody the bottom.
    if (bottom[0] == top[0]) keep = MutableData<Device>(&x_norm_);
  }
  batch_norm_normalize<Device>(shape, state, x, MutableData<Device>(top[0]), keep);
}

template <typename Dtype>
template <class Device>
void BatchNormLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                       const vector<bool>& propagate_down,
                                       const vector<Blob<Dtype>*>& bottom) {
  if (bottom[0]->count() == 0) return;
  if (blocked_.ran()) {
    blocked_.Backward(BlockedParts(), BlockedOperands(bottom[0], top[0]), {top[0]}, true, false);
    return;
  }
  const ChannelShape shape = Shape(*bottom[0]);
  const BatchNormState<Dtype> state = State<Device>();
  const Dtype* dy = Diff<Device>(*top[0]);
  Dtype* dx = MutableDiff<Device>(bottom[0]);
  if (use_global_stats_) {
    batch_norm_backward_stored<Device>(shape, state, dy, dx);
    return;
  }
  const bool in_place = bottom[0] == top[0];
  batch_norm_backward<Device>(shape, state, in_place,
                              in_place ? Data<Device>(x_norm_) : Data<Device>(*bottom[0]), dy,
                              MutableData<Device>(&temp_), dx);
}

CAFFE_LAYER_ON_DEVICES(BatchNormLayer)
INSTANTIATE_CLASS(BatchNormLayer);
REGISTER_LAYER_CLASS(BatchNorm);

}  // namespace caffe
