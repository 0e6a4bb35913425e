#include "caffe/layers/attention_layer.hpp"

#include <climits>
#include <type_traits>

#include "caffe/layers/attention_cpu.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void AttentionLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  const AttentionParameter& param = this->layer_param_.attention_param();
  Require(param.num_heads() > 0 && param.num_heads() <= uint32_t(INT_MAX), "num_heads is ",
          param.num_heads(), ". It must be positive.");
  shape_.heads = static_cast<int>(param.num_heads());
  shape_.causal = param.causal();
  dropout_ratio_ = param.dropout_ratio();
  Require(dropout_ratio_ >= 0 && dropout_ratio_ < 1, "dropout_ratio is ", dropout_ratio_,
          ", but has to be at least 0 and below 1.");
}

template <typename Dtype>
void AttentionLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  const vector<int>&q = bottom[0]->shape(), &k = bottom[1]->shape(), &v = bottom[2]->shape();
  const string shapes =
      "q is " + ShapeText(q) + ", k " + ShapeText(k) + ", v " + ShapeText(v) + ". ";
  Require(q.size() == 3 && k.size() == 3 && v.size() == 3, shapes,
          "Each must have 3 axes: batch, position, feature.");
  Require(k == v, shapes, "k and v must have the same shape.");
  Require(q[0] == k[0] && q[2] == k[2], shapes, "They must agree in batch (axis 0) and features ",
          "(axis 2).");
  Require(k[1] > 0, shapes, "There is no position to attend to.");
  Require(q[2] > 0 && q[2] % shape_.heads == 0, "The ", q[2], " features of q, ", ShapeText(q),
          ", cannot be divided among num_heads ", shape_.heads, ".");
  Require(top[0] != bottom[0] && top[0] != bottom[1] && top[0] != bottom[2],
          "this layer type cannot work in place");
  shape_.num = q[0];
  shape_.queries = q[1];
  shape_.keys = k[1];
  shape_.head_dim = q[2] / shape_.heads;
  top[0]->Reshape(q);
  log_sum_.Reshape({q[0], shape_.heads, q[1]});
}

template <typename Dtype>
void AttentionLayer<Dtype>::DrawDropout() {
  dropout_ = {};
  if (this->phase_ != TRAIN || dropout_ratio_ == 0) return;
  const int64_t draws = shape_.num * shape_.heads * shape_.queries * shape_.keys;
  dropout_.first = caffe_rng()->Reserve(draws);
  dropout_.random = caffe_rng()->philox();
  dropout_.bound = BernoulliBound(dropout_ratio_);
  dropout_.scale = Dtype(1) / (Dtype(1) - Dtype(dropout_ratio_));
}

template <typename Dtype>
template <class Device>
void AttentionLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  DrawDropout();
  if (top[0]->count() == 0) return;
  const AttentionOperands<const Dtype> in{Data<Device>(*bottom[0]), Data<Device>(*bottom[1]),
                                          Data<Device>(*bottom[2])};
  const AttentionResult<Dtype> result{MutableData<Device>(top[0]), MutableData<Device>(&log_sum_)};
  if constexpr (std::is_same_v<Device, Cpu>) {
    AttentionForwardCpu(shape_, dropout_, in, result);
  } else {
    attention_forward<Device>(shape_, dropout_, in, result);
  }
}

template <typename Dtype>
template <class Device>
void AttentionLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                       const vector<bool>& propagate_down,
                                       const vector<Blob<Dtype>*>& bottom) {
  // One wanted gradient costs nearly as much as all three.
  if (!propagate_down[0] && !propagate_down[1] && !propagate_down[2]) return;
  const AttentionOperands<Dtype> diff{MutableDiff<Device>(bottom[0]),
                                      MutableDiff<Device>(bottom[1]),
                                      MutableDiff<Device>(bottom[2])};
  if (top[0]->count() == 0) return;
  const AttentionOperands<const Dtype> in{Data<Device>(*bottom[0]), Data<Device>(*bottom[1]),
                                          Data<Device>(*bottom[2])};
  const AttentionResult<const Dtype> result{Data<Device>(*top[0]), Data<Device>(log_sum_)};
  const Dtype* out_diff = Diff<Device>(*top[0]);
  if constexpr (std::is_same_v<Device, Cpu>) {
    AttentionBackwardCpu(shape_, dropout_, in, result, out_diff, diff);
  } else {
    delta_.ReshapeLike(log_sum_);
    attention_backward<Device>(shape_, dropout_, in, result, out_diff, MutableData<Device>(&delta_),
                               diff);
  }
}

CAFFE_LAYER_ON_DEVICES(AttentionLayer)
INSTANTIATE_CLASS(AttentionLayer);
REGISTER_LAYER_CLASS(Attention);

}  // namespace caffe
