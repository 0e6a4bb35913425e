// From the layer format of 2014 (V1) to today's.

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>
#include <vector>

#include "caffe/util/copy_field.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace caffe {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// The message of a V1 data layer that may hold fields of transform_param, by field name; "" for
/// other layers.
string DataPart(const V1LayerParameter& layer) {
  switch (layer.type()) {
    case V1LayerParameter::DATA:
      return "data_param";
    case V1LayerParameter::IMAGE_DATA:
      return "image_data_param";
    case V1LayerParameter::WINDOW_DATA:
      return "window_data_param";
    default:
      return "";
  }
}

/// The fields of transform_param that stand in `part`.
vector<const FieldDescriptor*> TransformFields(const Message& part) {
  vector<const FieldDescriptor*> found;
  for (const char* name : {"scale", "mean_file", "crop_size", "mirror"}) {
    const FieldDescriptor* field = part.GetDescriptor()->FindFieldByName(name);
    if (part.GetReflection()->HasField(part, field)) found.push_back(field);
  }
  return found;
}

/// The i-th ParamSpec, made if it is not there.
ParamSpec* SpecAt(LayerParameter* layer, int i) {
  while (layer->param_size() <= i) layer->add_param();
  return layer->mutable_param(i);
}

}  // namespace

bool NetNeedsDataUpgrade(const NetParameter& net_param) {
  for (const V1LayerParameter& layer : net_param.layers()) {
    const string name = DataPart(layer);
    if (name.empty()) continue;
    const FieldDescriptor* part = layer.GetDescriptor()->FindFieldByName(name);
    if (!TransformFields(layer.GetReflection()->GetMessage(layer, part)).empty()) return true;
  }
  return false;
}

void UpgradeNetDataTransformation(NetParameter* net_param) {
  for (V1LayerParameter& layer : *net_param->mutable_layers()) {
    const string name = DataPart(layer);
    if (name.empty()) continue;
    const FieldDescriptor* part_field = layer.GetDescriptor()->FindFieldByName(name);
    if (!layer.GetReflection()->HasField(layer, part_field)) continue;
    Message* part = layer.GetReflection()->MutableMessage(&layer, part_field);
    for (const FieldDescriptor* field : TransformFields(*part)) {
      TransformationParameter* transform = layer.mutable_transform_param();
      CopyField(*part, field, transform,
                transform->GetDescriptor()->FindFieldByName(field->name()));
      part->GetReflection()->ClearField(part, field);
    }
  }
}

bool NetNeedsV1ToV2Upgrade(const NetParameter& net_param) { return net_param.layers_size() > 0; }

bool UpgradeV1Net(const NetParameter& v1_net_param, NetParameter* net_param) {
  Require(v1_net_param.layer_size() == 0 || v1_net_param.layers_size() == 0,
          "the net has both 'layer' and 'layers'; 'layers' is the older name, write 'layer' "
          "everywhere");
  net_param->CopyFrom(v1_net_param);
  net_param->clear_layers();
  bool all_fit = true;
  for (const V1LayerParameter& layer : v1_net_param.layers()) {
    try {
      all_fit &= UpgradeV1LayerParameter(layer, net_param->add_layer());
    } catch (Error& error) {
      error.add_context("layer '" + layer.name() + "'");
      throw;
    }
  }
  return all_fit;
}

bool UpgradeV1LayerParameter(const V1LayerParameter& v1_layer_param, LayerParameter* layer_param) {
  const V1LayerParameter& v1 = v1_layer_param;
  layer_param->Clear();
  layer_param->mutable_bottom()->CopyFrom(v1.bottom());
  layer_param->mutable_top()->CopyFrom(v1.top());
  if (v1.has_name()) layer_param->set_name(v1.name());
  layer_param->mutable_include()->CopyFrom(v1.include());
  layer_param->mutable_exclude()->CopyFrom(v1.exclude());
  if (v1.has_type()) layer_param->set_type(UpgradeV1LayerType(v1.type()));
  layer_param->mutable_blobs()->CopyFrom(v1.blobs());
  layer_param->mutable_loss_weight()->CopyFrom(v1.loss_weight());

  for (int i = 0; i < v1.param_size(); ++i) SpecAt(layer_param, i)->set_name(v1.param(i));
  for (int i = 0; i < v1.blob_share_mode_size(); ++i) {
    const bool permissive = v1.blob_share_mode(i) == V1LayerParameter::PERMISSIVE;
    SpecAt(layer_param, i)->set_share_mode(permissive ? ParamSpec::PERMISSIVE : ParamSpec::STRICT);
  }
  for (int i = 0; i < v1.blobs_lr_size(); ++i) {
    SpecAt(layer_param, i)->set_lr_mult(v1.blobs_lr(i));
  }
  for (int i = 0; i < v1.weight_decay_size(); ++i) {
    SpecAt(layer_param, i)->set_decay_mult(v1.weight_decay(i));
  }

  // The options of the types are messages of the same names and types in both formats.
  vector<const FieldDescriptor*> given;
  v1.GetReflection()->ListFields(v1, &given);
  for (const FieldDescriptor* field : given) {
    if (field->is_repeated() || field->message_type() == nullptr) continue;
    const FieldDescriptor* target = layer_param->GetDescriptor()->FindFieldByName(field->name());
    if (target != nullptr && target->message_type() == field->message_type()) {
      CopyField(v1, field, layer_param, target);
    }
  }
  if (v1.has_layer()) {
    LOG(ERROR) << "Layer '" << v1.name() << "' holds a layer of the format of 2013; its fields "
               << "are dropped.";
    return false;
  }
  return true;
}

const char* UpgradeV1LayerType(const V1LayerParameter_LayerType type) {
  using V1 = V1LayerParameter;
  static const std::map<int, const char*> names = {
      {V1::NONE, ""},
      {V1::ABSVAL, "AbsVal"},
      {V1::ACCURACY, "Accuracy"},
      {V1::ARGMAX, "ArgMax"},
      {V1::BNLL, "BNLL"},
      {V1::CONCAT, "Concat"},
      {V1::CONTRASTIVE_LOSS, "ContrastiveLoss"},
      {V1::CONVOLUTION, "Convolution"},
      {V1::DATA, "Data"},
      {V1::DECONVOLUTION, "Deconvolution"},
      {V1::DROPOUT, "Dropout"},
      {V1::DUMMY_DATA, "DummyData"},
      {V1::EUCLIDEAN_LOSS, "EuclideanLoss"},
      {V1::ELTWISE, "Eltwise"},
      {V1::EXP, "Exp"},
      {V1::FLATTEN, "Flatten"},
      {V1::HDF5_DATA, "HDF5Data"},
      {V1::HDF5_OUTPUT, "HDF5Output"},
      {V1::HINGE_LOSS, "HingeLoss"},
      {V1::IM2COL, "Im2col"},
      {V1::IMAGE_DATA, "ImageData"},
      {V1::INFOGAIN_LOSS, "InfogainLoss"},
      {V1::INNER_PRODUCT, "InnerProduct"},
      {V1::LRN, "LRN"},
      {V1::MEMORY_DATA, "MemoryData"},
      {V1::MULTINOMIAL_LOGISTIC_LOSS, "MultinomialLogisticLoss"},
      {V1::MVN, "MVN"},
      {V1::POOLING, "Pooling"},
      {V1::POWER, "Power"},
      {V1::RELU, "ReLU"},
      {V1::SIGMOID, "Sigmoid"},
      {V1::SIGMOID_CROSS_ENTROPY_LOSS, "SigmoidCrossEntropyLoss"},
      {V1::SILENCE, "Silence"},
      {V1::SOFTMAX, "Softmax"},
      {V1::SOFTMAX_LOSS, "SoftmaxWithLoss"},
      {V1::SPLIT, "Split"},
      {V1::SLICE, "Slice"},
      {V1::TANH, "TanH"},
      {V1::WINDOW_DATA, "WindowData"},
      {V1::THRESHOLD, "Threshold"},
  };
  const auto found = names.find(type);
  Require(found != names.end(), "unknown layer type ", static_cast<int>(type),
          " in the layer format of 2014");
  return found->second;
}

}  // namespace caffe
