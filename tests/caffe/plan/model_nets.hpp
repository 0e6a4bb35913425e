#ifndef TESTS_CAFFE_PLAN_MODEL_NETS_HPP_
#define TESTS_CAFFE_PLAN_MODEL_NETS_HPP_

#include <google/protobuf/text_format.h>

#include <string>

#include "caffe/net.hpp"
#include "caffe/util/io.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace caffe {

inline NetParameter Parse(const string& text) {
  NetParameter param;
  Require(google::protobuf::TextFormat::ParseFromString(text, &param), "cannot parse ", text);
  return param;
}

/// A net of models/ on images and labels in memory.
inline NetParameter ModelNet(const string& folder, int num, int channels, int size) {
  NetParameter file, param;
  ReadNetParamsFromTextFileOrDie(CAFFE_SOURCE_DIR "/models/" + folder + "/train_val.prototxt",
                                 &file);
  param.set_name(file.name());
  *param.add_layer() =
      Parse(
          "layer { name: 'data' type: 'Input' top: 'data' top: 'label' input_param { "
          "shape { dim: " +
          std::to_string(num) + " dim: " + std::to_string(channels) +
          " dim: " + std::to_string(size) + " dim: " + std::to_string(size) +
          " } shape { dim: " + std::to_string(num) + " } } }")
          .layer(0);
  for (const LayerParameter& layer : file.layer()) {
    if (layer.type() != "Data") *param.add_layer() = layer;
  }
  return param;
}

}  // namespace caffe

#endif  // TESTS_CAFFE_PLAN_MODEL_NETS_HPP_
