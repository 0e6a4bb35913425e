#include <set>
#include <string>

#include "caffe/util/upgrade_proto.hpp"

namespace caffe {
namespace {

constexpr int kStatistics = 3;  // mean, variance, factor
constexpr int kAllBlobs = 5;    // and scale, shift

bool HasScale(const LayerParameter& layer) {
  if (layer.type() != "BatchNorm") return false;
  const BatchNormParameter& param = layer.batch_norm_param();
  return param.scale_bias() || param.has_scale_filler() || param.has_bias_filler() ||
         layer.blobs_size() == kAllBlobs;
}

/// A statistic may be stored with the axes of an image; here it has one.
void MakeOneAxis(BlobProto* blob) {
  if (!blob->has_shape()) return;
  int64_t count = 1;
  for (const int64_t dim : blob->shape().dim()) count *= dim;
  blob->mutable_shape()->clear_dim();
  blob->mutable_shape()->add_dim(count);
}

/// Takes the scale out of a BatchNorm layer. It works in place behind it.
LayerParameter TakeScale(const std::string& name, LayerParameter* norm) {
  LayerParameter scale;
  scale.set_name(name);
  scale.set_type("Scale");
  if (norm->has_phase()) scale.set_phase(norm->phase());
  if (norm->top_size() > 0) {
    scale.add_bottom(norm->top(0));
    scale.add_top(norm->top(0));
  }
  *scale.mutable_include() = norm->include();
  *scale.mutable_exclude() = norm->exclude();
  if (norm->has_source_location()) scale.set_source_location(norm->source_location());

  BatchNormParameter* from = norm->mutable_batch_norm_param();
  ScaleParameter* to = scale.mutable_scale_param();
  to->set_bias_term(true);
  if (from->has_scale_filler()) *to->mutable_filler() = from->scale_filler();
  if (from->has_bias_filler()) *to->mutable_bias_filler() = from->bias_filler();
  from->clear_scale_filler();
  from->clear_bias_filler();
  from->clear_scale_bias();

  for (int i = kStatistics; i < norm->param_size(); ++i) *scale.add_param() = norm->param(i);
  while (norm->param_size() > kStatistics) norm->mutable_param()->RemoveLast();
  if (norm->blobs_size() == kAllBlobs) {
    for (BlobProto& blob : *norm->mutable_blobs()) MakeOneAxis(&blob);
    for (int i = kStatistics; i < kAllBlobs; ++i) scale.add_blobs()->Swap(norm->mutable_blobs(i));
    while (norm->blobs_size() > kStatistics) norm->mutable_blobs()->RemoveLast();
    // The fork's means are means, not sums; it stores a factor and never divides by it.
    BlobProto* factor = norm->mutable_blobs(kStatistics - 1);
    factor->Clear();
    factor->mutable_shape()->add_dim(1);
    factor->add_data(1);
  }
  return scale;
}

}  // namespace

bool NetNeedsBatchNormSplit(const NetParameter& net_param) {
  for (const LayerParameter& layer : net_param.layer()) {
    if (HasScale(layer)) return true;
  }
  return false;
}

void SplitNetBatchNorm(NetParameter* net_param) {
  std::set<std::string> names;
  for (const LayerParameter& layer : net_param->layer()) names.insert(layer.name());
  google::protobuf::RepeatedPtrField<LayerParameter> layers;
  layers.Swap(net_param->mutable_layer());
  for (LayerParameter& layer : layers) {
    if (!HasScale(layer)) {
      net_param->add_layer()->Swap(&layer);
      continue;
    }
    std::string name = layer.name() + "_scale";
    while (!names.insert(name).second) name += "_";
    LayerParameter scale = TakeScale(name, &layer);
    net_param->add_layer()->Swap(&layer);
    net_param->add_layer()->Swap(&scale);
  }
}

bool NetNeedsBatchNormUpgrade(const NetParameter& net_param) {
  for (const LayerParameter& layer : net_param.layer()) {
    if (layer.type() == "BatchNorm" && layer.param_size() == 3) return true;
  }
  return false;
}

void UpgradeNetBatchNorm(NetParameter* net_param) {
  for (LayerParameter& layer : *net_param->mutable_layer()) {
    if (layer.type() != "BatchNorm" || layer.param_size() != 3) continue;
    for (ParamSpec& spec : *layer.mutable_param()) {
      spec.set_lr_mult(0);
      spec.set_decay_mult(0);
    }
  }
}

}  // namespace caffe
