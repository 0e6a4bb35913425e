// From the layer format of 2013 (V0) to that of 2014 (V1).

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>
#include <vector>

#include "caffe/util/copy_field.hpp"
#include "caffe/util/nearest_name.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace caffe {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const std::map<string, V1LayerParameter_LayerType>& V0Types() {
  using V1 = V1LayerParameter;
  static const std::map<string, V1LayerParameter_LayerType> types = {
      {"accuracy", V1::ACCURACY},
      {"bnll", V1::BNLL},
      {"concat", V1::CONCAT},
      {"conv", V1::CONVOLUTION},
      {"data", V1::DATA},
      {"dropout", V1::DROPOUT},
      {"euclidean_loss", V1::EUCLIDEAN_LOSS},
      {"flatten", V1::FLATTEN},
      {"hdf5_data", V1::HDF5_DATA},
      {"hdf5_output", V1::HDF5_OUTPUT},
      {"im2col", V1::IM2COL},
      {"images", V1::IMAGE_DATA},
      {"infogain_loss", V1::INFOGAIN_LOSS},
      {"innerproduct", V1::INNER_PRODUCT},
      {"lrn", V1::LRN},
      {"multinomial_logistic_loss", V1::MULTINOMIAL_LOGISTIC_LOSS},
      {"pool", V1::POOLING},
      {"relu", V1::RELU},
      {"sigmoid", V1::SIGMOID},
      {"softmax", V1::SOFTMAX},
      {"softmax_loss", V1::SOFTMAX_LOSS},
      {"split", V1::SPLIT},
      {"tanh", V1::TANH},
      {"window_data", V1::WINDOW_DATA},
  };
  return types;
}

/// Where a field of V0LayerParameter goes: `field` of the message `part` of V1LayerParameter, or
/// of V1LayerParameter itself if `part` is empty. `v0_type` is the type of layer that has it;
/// empty means all types.
struct Move {
  const char* v0_field;
  const char* v0_type;
  const char* part;
  const char* field;
};

const Move kMoves[] = {
    {"name", "", "", "name"},
    {"num_output", "conv", "convolution_param", "num_output"},
    {"num_output", "innerproduct", "inner_product_param", "num_output"},
    {"biasterm", "conv", "convolution_param", "bias_term"},
    {"biasterm", "innerproduct", "inner_product_param", "bias_term"},
    {"weight_filler", "conv", "convolution_param", "weight_filler"},
    {"weight_filler", "innerproduct", "inner_product_param", "weight_filler"},
    {"bias_filler", "conv", "convolution_param", "bias_filler"},
    {"bias_filler", "innerproduct", "inner_product_param", "bias_filler"},
    {"pad", "conv", "convolution_param", "pad"},
    {"pad", "pool", "pooling_param", "pad"},
    {"kernelsize", "conv", "convolution_param", "kernel_size"},
    {"kernelsize", "pool", "pooling_param", "kernel_size"},
    {"group", "conv", "convolution_param", "group"},
    {"stride", "conv", "convolution_param", "stride"},
    {"stride", "pool", "pooling_param", "stride"},
    {"pool", "pool", "pooling_param", "pool"},
    {"dropout_ratio", "dropout", "dropout_param", "dropout_ratio"},
    {"local_size", "lrn", "lrn_param", "local_size"},
    {"alpha", "lrn", "lrn_param", "alpha"},
    {"beta", "lrn", "lrn_param", "beta"},
    {"k", "lrn", "lrn_param", "k"},
    {"source", "data", "data_param", "source"},
    {"source", "hdf5_data", "hdf5_data_param", "source"},
    {"source", "images", "image_data_param", "source"},
    {"source", "window_data", "window_data_param", "source"},
    {"source", "infogain_loss", "infogain_loss_param", "source"},
    {"scale", "", "transform_param", "scale"},
    {"meanfile", "", "transform_param", "mean_file"},
    {"batchsize", "data", "data_param", "batch_size"},
    {"batchsize", "hdf5_data", "hdf5_data_param", "batch_size"},
    {"batchsize", "images", "image_data_param", "batch_size"},
    {"batchsize", "window_data", "window_data_param", "batch_size"},
    {"cropsize", "", "transform_param", "crop_size"},
    {"mirror", "", "transform_param", "mirror"},
    {"rand_skip", "data", "data_param", "rand_skip"},
    {"rand_skip", "images", "image_data_param", "rand_skip"},
    {"det_fg_threshold", "window_data", "window_data_param", "fg_threshold"},
    {"det_bg_threshold", "window_data", "window_data_param", "bg_threshold"},
    {"det_fg_fraction", "window_data", "window_data_param", "fg_fraction"},
    {"det_context_pad", "window_data", "window_data_param", "context_pad"},
    {"det_crop_mode", "window_data", "window_data_param", "crop_mode"},
    {"new_height", "images", "image_data_param", "new_height"},
    {"new_width", "images", "image_data_param", "new_width"},
    {"shuffle_images", "images", "image_data_param", "shuffle"},
    {"concat_dim", "concat", "concat_param", "concat_dim"},
    {"hdf5_output_param", "hdf5_output", "", "hdf5_output_param"},
};

const Move* FindMove(const string& field, const string& type) {
  for (const Move& move : kMoves) {
    if (field == move.v0_field && (*move.v0_type == '\0' || type == move.v0_type)) return &move;
  }
  return nullptr;
}

/// The value of an optional field as an integer of the wanted field's type: V0's new_height is
/// signed, ImageDataParameter's is not.
void CopyMovedField(const V0LayerParameter& v0, const FieldDescriptor* from, Message* to,
                    const FieldDescriptor* field) {
  if (from->cpp_type() == FieldDescriptor::CPPTYPE_INT32 &&
      field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    const int value = v0.GetReflection()->GetInt32(v0, from);
    Require(value >= 0, "'", from->name(), "' is ", value, ", but must be at least 0");
    to->GetReflection()->SetUInt32(to, field, value);
  } else {
    CopyField(v0, from, to, field);
  }
}

}  // namespace

bool NetNeedsV0ToV1Upgrade(const NetParameter& net_param) {
  for (const auto& layer : net_param.layers()) {
    if (layer.has_layer()) return true;
  }
  return false;
}

V1LayerParameter_LayerType UpgradeV0LayerType(const string& type) {
  const auto found = V0Types().find(type);
  if (found != V0Types().end()) return found->second;
  vector<string> names;
  for (const auto& [name, value] : V0Types()) names.push_back(name);
  throw Error("unknown layer type '", type, "' in the layer format of 2013",
              DidYouMean(type, names));
}

bool UpgradeV0LayerParameter(const V1LayerParameter& v0_layer_connection,
                             V1LayerParameter* layer_param) {
  layer_param->Clear();
  layer_param->mutable_bottom()->CopyFrom(v0_layer_connection.bottom());
  layer_param->mutable_top()->CopyFrom(v0_layer_connection.top());
  if (!v0_layer_connection.has_layer()) return true;
  const V0LayerParameter& v0 = v0_layer_connection.layer();
  if (v0.has_type()) layer_param->set_type(UpgradeV0LayerType(v0.type()));
  layer_param->mutable_blobs()->CopyFrom(v0.blobs());
  layer_param->mutable_blobs_lr()->CopyFrom(v0.blobs_lr());
  layer_param->mutable_weight_decay()->CopyFrom(v0.weight_decay());

  bool all_fit = true;
  vector<const FieldDescriptor*> given;
  v0.GetReflection()->ListFields(v0, &given);
  for (const FieldDescriptor* field : given) {
    if (field->is_repeated() || field->name() == "type") continue;
    const Move* move = FindMove(field->name(), v0.type());
    if (move == nullptr) {
      LOG(ERROR) << "Layer '" << v0.name() << "' of type '" << v0.type() << "' has no use for '"
                 << field->name() << "'; it is dropped.";
      all_fit = false;
      continue;
    }
    Message* target = layer_param;
    if (*move->part != '\0') {
      target = layer_param->GetReflection()->MutableMessage(
          layer_param, layer_param->GetDescriptor()->FindFieldByName(move->part));
    }
    CopyMovedField(v0, field, target, target->GetDescriptor()->FindFieldByName(move->field));
  }
  return all_fit;
}

void UpgradeV0PaddingLayers(const NetParameter& param, NetParameter* param_upgraded_pad) {
  param_upgraded_pad->CopyFrom(param);
  param_upgraded_pad->clear_layers();
  constexpr int kNetInput = -1;
  std::map<string, int> producer;
  for (const string& input : param.input()) producer[input] = kNetInput;
  for (int i = 0; i < param.layers_size(); ++i) {
    const V1LayerParameter& connection = param.layers(i);
    const V0LayerParameter& layer = connection.layer();
    V1LayerParameter* kept = nullptr;
    if (layer.type() != "padding") {
      kept = param_upgraded_pad->add_layers();
      kept->CopyFrom(connection);
    }
    for (int j = 0; j < connection.bottom_size(); ++j) {
      const auto source = producer.find(connection.bottom(j));
      Require(source != producer.end(), "layer '", layer.name(), "' reads unknown blob '",
              connection.bottom(j), "'");
      if (kept == nullptr || source->second == kNetInput) continue;
      const V1LayerParameter& below = param.layers(source->second);
      if (below.layer().type() != "padding") continue;
      Require(layer.type() == "conv" || layer.type() == "pool", "layer '", layer.name(),
              "' of type '", layer.type(), "' reads the padding layer '", below.layer().name(),
              "'; only conv and pool can");
      Require(connection.bottom_size() == 1 && below.bottom_size() == 1, "padding layer '",
              below.layer().name(), "' and its reader '", layer.name(),
              "' must have one bottom each");
      kept->mutable_layer()->set_pad(below.layer().pad());
      kept->set_bottom(j, below.bottom(0));
    }
    for (const string& top : connection.top()) producer[top] = i;
  }
}

bool UpgradeV0Net(const NetParameter& v0_net_param, NetParameter* net_param) {
  NetParameter padded;
  UpgradeV0PaddingLayers(v0_net_param, &padded);
  net_param->Clear();
  if (padded.has_name()) net_param->set_name(padded.name());
  bool all_fit = true;
  for (const V1LayerParameter& layer : padded.layers()) {
    try {
      all_fit &= UpgradeV0LayerParameter(layer, net_param->add_layers());
    } catch (Error& error) {
      error.add_context("layer '" + layer.layer().name() + "'");
      throw;
    }
  }
  net_param->mutable_input()->CopyFrom(padded.input());
  net_param->mutable_input_dim()->CopyFrom(padded.input_dim());
  if (padded.has_force_backward()) net_param->set_force_backward(padded.force_backward());
  return all_fit;
}

}  // namespace caffe
