#include "caffe/layers/scale_layer.hpp"

#include <type_traits>

#include "caffe/filler.hpp"
#include "caffe/layers/broadcast_operand.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void ScaleLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  const ScaleParameter& param = this->layer_param_.scale_param();
  const size_t learned = (bottom.size() == 1 ? 1 : 0) + (param.bias_term() ? 1 : 0);
  const bool loaded = !this->blobs_.empty();
  Require(!loaded || this->blobs_.size() == learned, "found ", this->blobs_.size(),
          " stored blobs, wanted are ", learned);
  if (bottom.size() == 1 && !loaded) {
    this->blobs_.emplace_back(
        new Blob<Dtype>(LearnedOperandShape(*bottom[0], param.axis(), param.num_axes())));
    FillerParameter filler_param = param.filler();
    // A filler without a value means 0; no filler at all leaves x as it is.
    if (!param.has_filler()) filler_param.set_value(1);
    shared_ptr<Filler<Dtype>> filler(GetFiller<Dtype>(filler_param));
    filler->Fill(this->blobs_[0].get());
  }
  bias_param_id_ = -1;
  if (param.bias_term()) {
    LayerParameter layer_param(this->layer_param_);
    layer_param.set_type("Bias");
    layer_param.clear_blobs();
    layer_param.clear_loss_weight();
    BiasParameter* bias_param = layer_param.mutable_bias_param();
    bias_param->set_axis(param.axis());
    bias_param->set_num_axes(bottom.size() > 1 ? bottom[1]->num_axes() : param.num_axes());
    bias_param->mutable_filler()->CopyFrom(param.bias_filler());
    bias_layer_ = LayerRegistry<Dtype>::CreateLayer(layer_param);
    bias_bottom_vec_ = {bottom[0]};
    bias_layer_->LayerSetUp(bias_bottom_vec_, top);
    if (loaded) {
      bias_layer_->blobs()[0] = this->blobs_.back();
    } else {
      this->blobs_.push_back(bias_layer_->blobs()[0]);
    }
    bias_param_id_ = static_cast<int>(this->blobs_.size()) - 1;
    bias_propagate_down_.assign(1, false);
  }
  this->param_propagate_down_.resize(this->blobs_.size(), true);
}

template <typename Dtype>
void ScaleLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                const vector<Blob<Dtype>*>& top) {
  const Blob<Dtype>& scale = *Operand(bottom);
  const int axis = this->layer_param_.scale_param().axis();
  const ScaleShape shape = BroadcastShape(*bottom[0], scale, axis);
  axis_ = scale.num_axes() == 0 ? 0 : bottom[0]->CanonicalAxisIndex(axis);
  outer_dim_ = static_cast<int>(shape.outer);
  scale_dim_ = static_cast<int>(shape.dim);
  inner_dim_ = static_cast<int>(shape.inner);
  if (bias_param_id_ >= 0) {
    const Blob<Dtype>& bias = *this->blobs_[bias_param_id_];
    Require(bias.shape() == scale.shape(), "the bias is ", ShapeText(bias.shape()),
            ", but the scale is ", ShapeText(scale.shape()));
  }
  if (bottom[0] != top[0]) {
    top[0]->ReshapeLike(*bottom[0]);
  } else {
    temp_.ReshapeLike(*bottom[0]);
  }
}

template <typename Dtype>
typename BlockedNorm<Dtype>::Parts ScaleLayer<Dtype>::BlockedParts() {
  typename BlockedNorm<Dtype>::Parts parts;
  parts.scale = this->blobs_[0].get();
  parts.scale_gradient = this->param_propagate_down_[0];
  if (bias_param_id_ >= 0) {
    parts.shift = this->blobs_[bias_param_id_].get();
    parts.shift_gradient = this->param_propagate_down_[bias_param_id_];
  }
  return parts;
}

template <typename Dtype>
typename BlockedNorm<Dtype>::Operands ScaleLayer<Dtype>::BlockedOperands(Blob<Dtype>* bottom,
                                                                         Blob<Dtype>* top) const {
  return {
      .num = outer_dim_, .channels = scale_dim_, .positions = inner_dim_, .x = bottom, .y = top};
}

template <typename Dtype>
template <class Device>
void ScaleLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  blocked_.set_ran(false);
  if constexpr (std::is_same_v<Device, Cpu>) {
    if (IsByChannel(bottom) &&
        blocked_.Forward(BlockedParts(), BlockedOperands(bottom[0], top[0]), nullptr)) {
      return;
    }
  }
  const Dtype* x = Data<Device>(*bottom[0]);
  const Dtype* scale = Data<Device>(*Operand(bottom));
  const Dtype* bias = bias_param_id_ >= 0 ? Data<Device>(*this->blobs_[bias_param_id_]) : nullptr;
  Dtype* keep = KeepsBottom(bottom, top) ? MutableData<Device>(&temp_) : nullptr;
  scale_forward<Device>(Shape(), x, scale, bias, MutableData<Device>(top[0]), keep);
}

template <typename Dtype>
template <class Device>
void ScaleLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                   const vector<bool>& propagate_down,
                                   const vector<Blob<Dtype>*>& bottom) {
  if (blocked_.ran()) {
    blocked_.Backward(BlockedParts(), BlockedOperands(bottom[0], top[0]), {top[0]},
                      propagate_down[0], false);
    return;
  }
  const bool learned = bottom.size() == 1;
  Dtype* dscale = nullptr;
  Dtype* dbias = nullptr;
  if (learned ? this->param_propagate_down_[0] : propagate_down[1]) {
    dscale = MutableDiff<Device>(Operand(bottom));
  }
  if (bias_param_id_ >= 0 && this->param_propagate_down_[bias_param_id_]) {
    dbias = MutableDiff<Device>(this->blobs_[bias_param_id_].get());
  }
  const Dtype* dy = Diff<Device>(*top[0]);
  if (dscale || dbias) {
    const Dtype* x = nullptr;
    if (dscale) x = bottom[0] == top[0] ? Data<Device>(temp_) : Data<Device>(*bottom[0]);
    scale_parameter_gradients<Device>(Shape(), x, dy, Dtype(learned ? 1 : 0), dscale, Dtype(1),
                                      dbias);
  }
  if (propagate_down[0]) {
    const Dtype* scale = Data<Device>(*Operand(bottom));
    scale_backward<Device>(Shape(), scale, dy, MutableDiff<Device>(bottom[0]));
  }
}

CAFFE_LAYER_ON_DEVICES(ScaleLayer)
INSTANTIATE_CLASS(ScaleLayer);
REGISTER_LAYER_CLASS(Scale);

}  // namespace caffe
