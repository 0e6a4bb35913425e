#include "caffe/plan/norm_layers.hpp"

#include <algorithm>
#include <typeinfo>

#include "caffe/layers/batch_norm_layer.hpp"
#include "caffe/layers/clip_layer.hpp"
#include "caffe/layers/eltwise_layer.hpp"
#include "caffe/layers/relu6_layer.hpp"
#include "caffe/layers/relu_layer.hpp"
#include "caffe/layers/scale_layer.hpp"
#include "caffe/layers/silu_layer.hpp"
#include "caffe/layers/split_layer.hpp"
#include "caffe/layers/swish_layer.hpp"
#include "caffe/net.hpp"

namespace caffe {

namespace {

/// Looks at the layers of a net one after the other.
template <typename Dtype>
class Matcher {
 public:
  Matcher(const Net<Dtype>& net, int layer) : net_(net), found_{.norm = layer, .last = layer} {}

  NormLayers Match() {
    if (!Is<BatchNormLayer<Dtype>>(found_.norm)) return {};
    blob_ = Top(found_.norm);
    if (Follows<ScaleLayer<Dtype>>() && InPlace() && IsByChannel()) found_.scale = Take();
    if (Follows<EltwiseLayer<Dtype>>() && IsPlainSum()) {
      found_.sum_bottom = net_.bottom_vecs()[Next()][0] == blob_ ? 0 : 1;
      found_.sum = Take();
    }
    if (const Activation function = NextActivation(); function.kind != Activation::Kind::kNone) {
      found_.function = function;
      found_.activation = Take();
    }
    if (Follows<SplitLayer<Dtype>>()) found_.split = Take();
    return found_;
  }

 private:
  int Next() const { return found_.last + 1; }
  Blob<Dtype>* Top(int layer) const { return net_.top_vecs()[layer][0]; }
  const LayerParameter& Param() const { return net_.layers()[Next()]->layer_param(); }

  /// The next layer becomes one of those found.
  int Take() {
    ++found_.last;
    blob_ = Top(found_.last);
    return found_.last;
  }
  template <typename Type>
  bool Is(int layer) const {
    const Layer<Dtype>& candidate = *net_.layers()[layer];
    return typeid(candidate) == typeid(Type) && candidate.loss(0) == Dtype(0);
  }
  /// Whether the next layer has the type and reads what the layers found so far make.
  template <typename Type>
  bool Follows() const {
    if (Next() >= static_cast<int>(net_.layers().size()) || !Is<Type>(Next())) return false;
    const auto& bottoms = net_.bottom_vecs()[Next()];
    return std::count(bottoms.begin(), bottoms.end(), blob_) == 1;
  }
  bool InPlace() const { return Top(Next()) == blob_; }
  bool IsByChannel() const {
    const ScaleParameter& param = Param().scale_param();
    return net_.bottom_vecs()[Next()].size() == 1 && param.axis() == 1 && param.num_axes() == 1;
  }
  bool IsPlainSum() const {
    const EltwiseParameter& param = Param().eltwise_param();
    return param.operation() == EltwiseParameter::SUM && net_.bottom_vecs()[Next()].size() == 2 &&
           std::all_of(param.coeff().begin(), param.coeff().end(),
                       [](float coefficient) { return coefficient == 1; });
  }

  Activation NextActivation() const {
    using Kind = Activation::Kind;
    if (Follows<ReLULayer<Dtype>>() && InPlace() && Param().relu_param().negative_slope() == 0) {
      return {.kind = Kind::kRelu};
    }
    if (Follows<ReLU6Layer<Dtype>>() && InPlace()) return {.kind = Kind::kRelu6};
    // The slopes of the others cannot be seen from the result, which is all that is left of a sum.
    if (found_.sum >= 0) return {};
    if (Follows<SwishLayer<Dtype>>() && InPlace()) {
      return {.kind = Kind::kSwish, .beta = Param().swish_param().beta()};
    }
    if (Follows<SiLULayer<Dtype>>() && InPlace()) return {.kind = Kind::kSwish, .beta = 1};
    if (Follows<ClipLayer<Dtype>>() && InPlace()) {
      const ClipParameter& clip = Param().clip_param();
      // Channels that fill up a block have to stay zero.
      if (clip.min() > 0 || clip.max() < 0) return {};
      return {.kind = Kind::kClip, .low = clip.min(), .high = clip.max()};
    }
    return {};
  }

  const Net<Dtype>& net_;
  NormLayers found_;
  Blob<Dtype>* blob_ = nullptr;
};

}  // namespace

template <typename Dtype>
NormLayers FindNormLayers(const Net<Dtype>& net, int layer) {
  return Matcher<Dtype>(net, layer).Match();
}

template <typename Dtype>
typename BlockedNorm<Dtype>::Parts NormParts(const Net<Dtype>& net, const NormLayers& at) {
  typename BlockedNorm<Dtype>::Parts parts;
  Layer<Dtype>* layer = net.layers()[at.norm].get();
  const BatchNormParameter& norm = layer->layer_param().batch_norm_param();
  for (const auto& blob : layer->blobs()) parts.statistics.push_back(blob.get());
  parts.eps = norm.eps();
  parts.moving_average_fraction = norm.moving_average_fraction();
  parts.use_stored = norm.has_use_global_stats() ? norm.use_global_stats() : net.phase() == TEST;
  parts.activation = at.function;
  return parts;
}

template <typename Dtype>
void FindScale(const Net<Dtype>& net, const NormLayers& at,
               typename BlockedNorm<Dtype>::Parts* parts) {
  if (at.scale < 0) return;
  Layer<Dtype>* layer = net.layers()[at.scale].get();
  parts->scale = layer->blobs()[0].get();
  parts->scale_gradient = layer->param_propagate_down(0);
  if (layer->blobs().size() > 1) {
    parts->shift = layer->blobs()[1].get();
    parts->shift_gradient = layer->param_propagate_down(1);
  }
}

#define INSTANTIATE(Dtype)                                                            \
  template NormLayers FindNormLayers(const Net<Dtype>&, int);                         \
  template BlockedNorm<Dtype>::Parts NormParts(const Net<Dtype>&, const NormLayers&); \
  template void FindScale(const Net<Dtype>&, const NormLayers&, BlockedNorm<Dtype>::Parts*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
