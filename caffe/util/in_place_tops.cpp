#include "caffe/util/in_place_tops.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "caffe/error.hpp"

namespace caffe {
namespace {

using std::string;

/// What a layer's backward pass needs of a blob, beginning with the least.
enum class Need {
  kNothing,
  kWhetherPositive,  // of values that are not negative
  kSign,
  kValues,
};

bool IsOneOf(const string& type, const std::set<string>& types) { return types.count(type) > 0; }

/// What the backward pass of a layer reads of its first top. A bottom of another name than the top
/// nobody overwrites.
Need NeedOfTop(const LayerParameter& layer, bool in_place) {
  static const std::set<string> kReadTheirResult = {
      "Sigmoid", "TanH", "ELU", "Exp", "ReLU6", "LRN", "Softmax", "Attention", "DropConnect"};
  if (IsOneOf(layer.type(), kReadTheirResult)) return Need::kValues;
  if (layer.type() == "Eltwise") {
    const EltwiseParameter& param = layer.eltwise_param();
    return param.operation() == EltwiseParameter::PROD && !param.stable_prod_grad()
               ? Need::kValues
               : Need::kNothing;
  }
  if (layer.type() == "ReLU" && in_place) {
    return layer.relu_param().negative_slope() == 0 ? Need::kWhetherPositive : Need::kSign;
  }
  return Need::kNothing;
}

/// Whether a layer that works in place leaves enough; where a dropping layer leaves 0, no gradient
/// arrives either.
bool Leaves(const LayerParameter& layer, Need need) {
  static const std::set<string> kKeepSigns = {
      "Dropout", "SpatialDropout", "DropBlock", "ReLU", "ReLU6",
      "ELU",     "Swish",          "SiLU",      "GELU", "TanH"};
  if (need == Need::kNothing) return true;
  if (need == Need::kValues) return false;
  if (layer.type() == "ReLU" && layer.relu_param().negative_slope() < 0) {
    return need == Need::kWhetherPositive;
  }
  if (layer.type() == "Clip") return layer.clip_param().min() <= 0 && layer.clip_param().max() > 0;
  if (need == Need::kWhetherPositive && IsOneOf(layer.type(), {"PReLU", "AbsVal"})) return true;
  return IsOneOf(layer.type(), kKeepSigns);
}

/// Why a layer cannot work in place; empty if it can, or if nobody knows.
string WhyNotInPlace(const LayerParameter& layer) {
  static const std::set<string> kNever = {"Convolution",
                                          "Deconvolution",
                                          "DepthwiseConvolution",
                                          "ConvolutionDepthwise",
                                          "InnerProduct",
                                          "DropConnect",
                                          "Pooling",
                                          "Crop",
                                          "Tile",
                                          "Reduction",
                                          "ArgMax",
                                          "Accuracy",
                                          "EuclideanLoss",
                                          "SigmoidCrossEntropyLoss",
                                          "SoftmaxWithLoss"};
  if (IsOneOf(layer.type(), kNever)) return "this layer type cannot work in place";
  if (IsOneOf(layer.type(), {"Concat"}) && layer.bottom_size() > 1) {
    return "with several bottoms this layer type cannot work in place";
  }
  if (IsOneOf(layer.type(), {"Slice"}) && layer.top_size() > 1) {
    return "with several tops this layer type cannot work in place";
  }
  if (layer.type() == "Eltwise") {
    const EltwiseParameter& param = layer.eltwise_param();
    const bool plain = std::all_of(param.coeff().begin(), param.coeff().end(),
                                   [](float coefficient) { return coefficient == 1; });
    if (param.operation() != EltwiseParameter::SUM || !plain) {
      return "only a sum without coefficients can work in place";
    }
  }
  return "";
}

bool IsInPlace(const LayerParameter& layer, int top) {
  return top < layer.bottom_size() && layer.top(top) == layer.bottom(top);
}

class Separator {
 public:
  explicit Separator(NetParameter* net) : net_(net) {
    for (const LayerParameter& layer : net->layer()) {
      names_.insert(layer.top().begin(), layer.top().end());
    }
  }

  void Run() {
    for (int i = 0; i < net_->layer_size(); ++i) {
      for (int t = 0; t < net_->layer(i).top_size(); ++t) Visit(i, t);
    }
  }

 private:
  void Visit(int i, int t) {
    const LayerParameter& layer = net_->layer(i);
    const string name = layer.top(t);
    bool in_place = IsInPlace(layer, t);
    Need need = Need::kNothing;
    if (in_place && !Leaves(layer, needs_[name])) {
      Rename(name, i);
      in_place = false;
    } else if (in_place) {
      need = needs_[name];
    } else if (IsOneOf(layer.type(), {"Flatten", "Reshape", "Split"}) && layer.bottom_size() == 1) {
      need = needs_[layer.bottom(0)];  // the same memory
    }
    if (t == 0) need = std::max(need, NeedOfTop(layer, in_place));
    needs_[name] = need;
  }

  /// Gives what the layers before number `end` call `name`, and the bottom of that, a new name.
  void Rename(const string& name, int end) {
    string fresh = name + "_before_" + net_->layer(end).name();
    while (!names_.insert(fresh).second) fresh += "_";
    for (int i = 0; i <= end; ++i) {
      LayerParameter* layer = net_->mutable_layer(i);
      for (string& bottom : *layer->mutable_bottom()) {
        if (bottom == name) bottom = fresh;
      }
      if (i == end) break;
      for (string& top : *layer->mutable_top()) {
        if (top == name) top = fresh;
      }
    }
  }

  NetParameter* const net_;
  std::set<string> names_;
  std::map<string, Need> needs_;
};

}  // namespace

void SeparateOverwrittenTops(bool backward, NetParameter* net) {
  for (const LayerParameter& layer : net->layer()) {
    for (int t = 0; t < layer.top_size(); ++t) {
      if (!IsInPlace(layer, t)) continue;
      const string why = WhyNotInPlace(layer);
      Require(why.empty(), layer.name(), " (", layer.type(), "): ", why, ", but its top and its ",
              "bottom are both '", layer.top(t),
              "'. Give the top another name, and the layers that ", "read it.");
    }
  }
  if (backward) Separator(net).Run();
}

}  // namespace caffe
