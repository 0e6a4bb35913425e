#include "caffe/plan/fold_step.hpp"

#include <typeinfo>

#include "caffe/layers/conv_layer.hpp"
#include "caffe/layers/depthwise_conv_layer.hpp"
#include "caffe/native/folded_conv.hpp"
#include "caffe/net.hpp"
#include "caffe/plan/norm_layers.hpp"

namespace caffe {

namespace {

class FoldStep : public PlanStep {
 public:
  /// @param blobs_stay  blobs may be read after the pass
  FoldStep(const Net<float>& net, int conv, const NormLayers& at, bool blobs_stay)
      : PlanStep(conv, at.last),
        net_(net),
        at_(at),
        blobs_stay_(blobs_stay),
        layer_(static_cast<ConvolutionLayer<float>*>(net.layers()[conv].get())),
        src_(net.bottom_vecs()[conv][0]),
        plain_(net.top_vecs()[conv][0]),
        normalised_(net.top_vecs()[at.norm][0]),
        y_(at.sum >= 0 ? net.top_vecs()[at.sum][0] : normalised_),
        residual_(at.sum >= 0 ? net.bottom_vecs()[at.sum][1 - at.sum_bottom] : nullptr),
        folded_(layer_->wanted_engine(), blobs_stay && plain_ != normalised_) {
    learned_.norm = NormParts(net, at);
  }

  bool Forward() override {
    set_ran(false);
    if (declines_ || Caffe::mode() != Caffe::CPU) return false;
    for (int i = first(); i <= last(); ++i) {
      net_.layers()[i]->Reshape(net_.bottom_vecs()[i], net_.top_vecs()[i]);
    }
    learned_.weights = layer_->blobs()[0].get();
    learned_.bias = layer_->blobs().size() > 1 ? layer_->blobs()[1].get() : nullptr;
    FindScale(net_, at_, &learned_.norm);
    const FoldedConv::Images images = {
        .src = src_->data().get(),
        .residual = residual_ != nullptr ? residual_->data().get() : nullptr,
        .dst = y_->data().get()};
    if (images.residual == images.dst || !folded_.Forward(layer_->Shape(), learned_, images)) {
      // A NaN may be gone with the next batch.
      declines_ = !folded_.found_nan();
      return false;
    }
    if (WantsRecipes()) LeaveRecipes();
    if (at_.split >= 0) {
      net_.layers()[at_.split]->Forward(net_.bottom_vecs()[at_.split], net_.top_vecs()[at_.split]);
    }
    set_ran(true);
    return true;
  }

  void Backward() override {
    declines_ = true;
    HandOver();
    for (int i = last(); i >= first(); --i) {
      if (!net_.layer_need_backward()[i]) continue;
      net_.layers()[i]->Backward(net_.top_vecs()[i], net_.bottom_need_backward()[i],
                                 net_.bottom_vecs()[i]);
    }
  }

  void HandOver() override {
    set_ran(false);
    for (int i = first(); i <= last(); ++i) {
      net_.layers()[i]->Forward(net_.bottom_vecs()[i], net_.top_vecs()[i]);
    }
  }

  void Forget() override { set_ran(false); }

 private:
  /// Whether there are values that the step never makes and that somebody may read.
  bool WantsRecipes() const { return blobs_stay_ && (plain_ != normalised_ || normalised_ != y_); }

  void LeaveRecipes() {
    const auto src = FoldedConv::Keep(src_->data().get());
    if (plain_ != normalised_) plain_->data()->set_native(folded_.WithoutNorm(src));
    if (normalised_ != y_) normalised_->data()->set_native(folded_.Normalised(src));
  }

  const Net<float>& net_;
  const NormLayers at_;
  const bool blobs_stay_;
  ConvolutionLayer<float>* layer_;
  /// What the convolution reads and makes, what the normalisation makes, and the result.
  Blob<float>*const src_, *const plain_, *const normalised_, *const y_;
  Blob<float>* const residual_;
  FoldedConv folded_;
  FoldedConv::Learned learned_;
  bool declines_ = false;
};

bool IsConvolution(const Layer<float>& layer) {
  return (typeid(layer) == typeid(ConvolutionLayer<float>) ||
          typeid(layer) == typeid(DepthwiseConvolutionLayer<float>)) &&
         layer.layer_param().convolution_param().axis() == 1 && layer.loss(0) == 0;
}

}  // namespace

template <>
std::unique_ptr<PlanStep> FindFoldStep(const Net<float>& net, int layer,
                                       const PlanOptions& options) {
  const int next = layer + 1;
  if (net.phase() != TEST || next >= static_cast<int>(net.layers().size()) ||
      !IsConvolution(*net.layers()[layer]) || net.bottom_vecs()[layer].size() != 1) {
    return nullptr;
  }
  const NormLayers found = FindNormLayers(net, next);
  if (found.norm < 0 || net.bottom_vecs()[next][0] != net.top_vecs()[layer][0] ||
      !NormParts(net, found).use_stored) {
    return nullptr;
  }
  const bool blobs_stay = !(options.share_memory && options.forward_only);
  return std::make_unique<FoldStep>(net, layer, found, blobs_stay);
}

template <>
std::unique_ptr<PlanStep> FindFoldStep(const Net<double>&, int, const PlanOptions&) {
  return nullptr;
}

}  // namespace caffe
