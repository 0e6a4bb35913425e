#ifndef TESTS_RIVAL_NET_HPP_
#define TESTS_RIVAL_NET_HPP_

#include <string>

namespace caffe {

/// The layers of a small residual net, from a blob `data` of images with a blob `label` to `loss`,
/// with every layer that regularises by chance: in place where it can be.
/// @param keep   of all of them
/// @param plain  leave them out; an inner product stays
/// @param shake  with a ShakeShake, which has no keep
inline std::string RivalNet(const std::string& keep, bool plain = false, bool shake = true) {
  const std::string msra = "weight_filler { type: 'msra' } bias_term: false";
  const auto conv = [&](const std::string& name, const std::string& bottom) {
    return "layer { name: '" + name + "' type: 'Convolution' bottom: '" + bottom + "' top: '" +
           name + "' convolution_param { num_output: 16 kernel_size: 3 pad: 1 " + msra + " } } ";
  };
  const auto norm = [](const std::string& blob) {
    return "layer { name: '" + blob + "_bn' type: 'BatchNorm' bottom: '" + blob + "' top: '" +
           blob + "' } layer { name: '" + blob + "_scale' type: 'Scale' bottom: '" + blob +
           "' top: '" + blob + "' scale_param { bias_term: true } } ";
  };
  const auto relu = [](const std::string& blob) {
    return "layer { name: '" + blob + "_relu' type: 'ReLU' bottom: '" + blob + "' top: '" + blob +
           "' } ";
  };
  const auto sum = [](const std::string& name, const std::string& a, const std::string& b) {
    return "layer { name: '" + name + "' type: 'Eltwise' bottom: '" + a + "' bottom: '" + b +
           "' top: '" + name + "' } ";
  };
  const auto rival = [&](const std::string& type, const std::string& blob,
                         const std::string& param) {
    return plain ? std::string()
                 : "layer { name: '" + blob + "_" + type + "' type: '" + type + "' bottom: '" +
                       blob + "' top: '" + blob + "' " + param + " } ";
  };
  const std::string k = "keep: " + keep + " ";
  return conv("conv1", "data") + norm("conv1") + relu("conv1") +
         rival("SpatialDropout", "conv1", "spatial_dropout_param { " + k + "}") +
         conv("conv2", "conv1") + norm("conv2") + relu("conv2") +
         rival("DropBlock", "conv2", "drop_block_param { " + k + "block_size: 3 }") +
         conv("conv3", "conv2") + norm("conv3") +
         rival("DropPath", "conv3", "drop_path_param { " + k + "scheduled: true }") +
         sum("sum3", "conv3", "conv1") + relu("sum3") + conv("conv4", "sum3") + norm("conv4") +
         rival("ShakeDrop", "conv4", "shake_drop_param { " + k + "gate_per: SAMPLE }") +
         sum("sum4", "conv4", "sum3") + relu("sum4") + conv("conv5", "sum4") +
         rival("DropPath", "conv5", "drop_path_param { " + k + "per: BATCH depth: 1 depths: 2 }") +
         sum("sum5", "sum4", "conv5") +
         (shake ? conv("conv6", "sum5") + conv("conv7", "sum5") +
                      "layer { name: 'shake' type: 'ShakeShake' bottom: 'sum5' bottom: 'conv6' "
                      "bottom: 'conv7' top: 'shake' } "
                : std::string()) +
         "layer { name: 'pool' type: 'Pooling' bottom: '" + (shake ? "shake" : "sum5") +
         "' top: 'pool' pooling_param { pool: AVE global_pooling: true } } "
         "layer { name: 'fc' type: '" +
         (plain ? "InnerProduct" : "DropConnect") +
         "' bottom: 'pool' top: 'fc' "
         "drop_connect_param { " +
         k +
         "} "
         "inner_product_param { num_output: 5 weight_filler { type: 'xavier' } } } "
         "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' top: 'loss' } ";
}

}  // namespace caffe

#endif  // TESTS_RIVAL_NET_HPP_
