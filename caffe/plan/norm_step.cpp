#include "caffe/plan/norm_step.hpp"

#include <algorithm>

#include "caffe/native/blocked_norm.hpp"
#include "caffe/net.hpp"
#include "caffe/plan/norm_layers.hpp"

namespace caffe {

namespace {

template <typename Dtype>
class NormStep : public PlanStep {
 public:
  NormStep(const Net<Dtype>& net, const NormLayers& at, bool forward_only)
      : PlanStep(at.norm, at.last), net_(net), at_(at), parts_(NormParts(net, at)) {
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
    FindScale(net_, at_, &parts_);
    if (!blocked_.Forward(parts_, operands_, at_.sum >= 0 ? normalized_ : nullptr)) return false;
    if (at_.split >= 0) {
      LayerAt(at_.split)->Forward(net_.bottom_vecs()[at_.split], net_.top_vecs()[at_.split]);
    }
    set_ran(true);
    return true;
  }

  void Backward() override {
    if (!parts_.keep_input) return;
    FindScale(net_, at_, &parts_);
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
  const NormLayers found = FindNormLayers(net, layer);
  if (found.norm < 0 || found.last == found.norm) return nullptr;
  return std::make_unique<NormStep<Dtype>>(net, found, forward_only);
}

template std::unique_ptr<PlanStep> FindNormStep(const Net<float>&, int, bool);
template std::unique_ptr<PlanStep> FindNormStep(const Net<double>&, int, bool);

}  // namespace caffe
