#include "caffe/plan/norm_step.hpp"

#include <algorithm>
#include <typeinfo>
#include <utility>

#include "caffe/layers/batch_norm_layer.hpp"
#include "caffe/layers/eltwise_layer.hpp"
#include "caffe/layers/relu_layer.hpp"
#include "caffe/layers/scale_layer.hpp"
#include "caffe/layers/split_layer.hpp"
#include "caffe/native/blocked_norm.hpp"
#include "caffe/net.hpp"

namespace caffe {

namespace {

/// Where the parts of the step are among the net's layers; -1 where there is none.
struct NormLayers {
  int norm = -1, scale = -1, sum = -1, relu = -1, split = -1;
  int last = -1;
  /// Which bottom of the sum the normalised values are.
  int sum_bottom = 0;
};

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
    if (Follows<ReLULayer<Dtype>>() && InPlace() && IsPlainRelu()) found_.relu = Take();
    if (Follows<SplitLayer<Dtype>>()) found_.split = Take();
    return found_.last == found_.norm ? NormLayers() : found_;
  }

 private:
  int Next() const { return found_.last + 1; }
  Blob<Dtype>* Top(int layer) const { return net_.top_vecs()[layer][0]; }
  const LayerParameter& Param() const { return net_.layers()[Next()]->layer_param(); }

  /// The next layer becomes part of the step.
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
  /// Whether the next layer has the type and reads what the step has made so far.
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
  bool IsPlainRelu() const { return Param().relu_param().negative_slope() == 0; }

  const Net<Dtype>& net_;
  NormLayers found_;
  Blob<Dtype>* blob_ = nullptr;
};

template <typename Dtype>
class NormStep : public PlanStep {
 public:
  NormStep(const Net<Dtype>& net, const NormLayers& at, bool forward_only)
      : PlanStep(at.norm, at.last), net_(net), at_(at) {
    const BatchNormParameter& norm = LayerAt(at.norm)->layer_param().batch_norm_param();
    for (const auto& blob : LayerAt(at.norm)->blobs()) parts_.statistics.push_back(blob.get());
    parts_.eps = norm.eps();
    parts_.moving_average_fraction = norm.moving_average_fraction();
    parts_.use_stored = norm.has_use_global_stats() ? norm.use_global_stats() : net.phase() == TEST;
    parts_.relu = at.relu >= 0;
    parts_.keep_input =
        !forward_only && std::any_of(net.layer_need_backward().begin() + at.norm,
                                     net.layer_need_backward().begin() + at.last + 1,
                                     [](bool needed) { return needed; });
    operands_.x = net.bottom_vecs()[at.norm][0];
    normalized_ = net.top_vecs()[at.norm][0];
    operands_.y = at.sum >= 0 ? net.top_vecs()[at.sum][0] : normalized_;
    if (at.sum >= 0) operands_.residual = net.bottom_vecs()[at.sum][1 - at.sum_bottom];
  }

  bool Forward() override {
    set_ran(false);
    if (Caffe::mode() != Caffe::CPU) return false;
    for (int i = first(); i <= last(); ++i) {
      LayerAt(i)->Reshape(net_.bottom_vecs()[i], net_.top_vecs()[i]);
    }
    operands_.num = operands_.x->shape(0);
    operands_.channels = operands_.x->shape(1);
    operands_.positions = operands_.x->count(2);
    FindScale();
    if (!blocked_.Forward(parts_, operands_, at_.sum >= 0 ? normalized_ : nullptr)) return false;
    if (at_.split >= 0) {
      LayerAt(at_.split)->Forward(net_.bottom_vecs()[at_.split], net_.top_vecs()[at_.split]);
    }
    set_ran(true);
    return true;
  }

  void Backward() override {
    if (!parts_.keep_input) return;
    FindScale();
    std::vector<Blob<Dtype>*> gradients = {operands_.y};
    if (at_.split >= 0) gradients = net_.top_vecs()[at_.split];
    const bool wants_residual =
        at_.sum >= 0 && net_.bottom_need_backward()[at_.sum][1 - at_.sum_bottom];
    blocked_.Backward(parts_, operands_, gradients, net_.bottom_need_backward()[at_.norm][0],
                      wants_residual);
  }

  void HandOver() override {
    set_ran(false);
    if (!blocked_.RestoreInput(operands_)) return;
    // The running averages have this batch already.
    std::vector<std::vector<Dtype>> statistics;
    for (const Blob<Dtype>* blob : parts_.statistics) {
      statistics.emplace_back(blob->cpu_data(), blob->cpu_data() + blob->count());
    }
    for (int i = first(); i <= last(); ++i) {
      LayerAt(i)->Forward(net_.bottom_vecs()[i], net_.top_vecs()[i]);
    }
    for (size_t i = 0; i < statistics.size(); ++i) {
      std::copy(statistics[i].begin(), statistics[i].end(),
                parts_.statistics[i]->mutable_cpu_data());
    }
  }

  void Forget() override {
    set_ran(false);
    blocked_.Forget();
  }

 private:
  Layer<Dtype>* LayerAt(int i) const { return net_.layers()[i].get(); }

  /// The learned blobs, and whether their gradients are wanted, may change between passes.
  void FindScale() {
    if (at_.scale < 0) return;
    Layer<Dtype>* layer = LayerAt(at_.scale);
    parts_.scale = layer->blobs()[0].get();
    parts_.scale_gradient = layer->param_propagate_down(0);
    if (layer->blobs().size() > 1) {
      parts_.shift = layer->blobs()[1].get();
      parts_.shift_gradient = layer->param_propagate_down(1);
    }
  }

  const Net<Dtype>& net_;
  const NormLayers at_;
  typename BlockedNorm<Dtype>::Parts parts_;
  typename BlockedNorm<Dtype>::Operands operands_;
  /// What the sum adds the residual to.
  Blob<Dtype>* normalized_;
  BlockedNorm<Dtype> blocked_;
};

}  // namespace

template <typename Dtype>
std::unique_ptr<PlanStep> FindNormStep(const Net<Dtype>& net, int layer, bool forward_only) {
  const NormLayers found = Matcher<Dtype>(net, layer).Match();
  if (found.norm < 0) return nullptr;
  return std::make_unique<NormStep<Dtype>>(net, found, forward_only);
}

template std::unique_ptr<PlanStep> FindNormStep(const Net<float>&, int, bool);
template std::unique_ptr<PlanStep> FindNormStep(const Net<double>&, int, bool);

}  // namespace caffe
