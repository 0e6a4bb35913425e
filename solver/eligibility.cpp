#include "solver/eligibility.hpp"

#include <algorithm>
#include <set>

#include "caffe/error.hpp"
#include "caffe/util/nearest_name.hpp"

namespace caffe {

namespace {

using Param = ChannelDropBackParameter;

/// Layers that keep their outputs on the second axis of the weights.
bool HasOutputsSecond(const LearnableLayer& layer) {
  const bool is_product = layer.type == "InnerProduct" || layer.type == "DropConnect";
  return layer.type == "Deconvolution" || (is_product && layer.transpose);
}

int ChannelAxis(const LearnableLayer& layer, Param::ChannelAxis which) {
  return (which == Param::OUTPUT) == HasOutputsSecond(layer) ? 1 : 0;
}

/// The last rule that fits the layer, or null.
const DropOptions::LayerRule* FindRule(const std::string& name, const DropOptions& options) {
  const DropOptions::LayerRule* found = nullptr;
  for (const DropOptions::LayerRule& rule : options.rules) {
    if (MatchesPattern(rule.pattern, name)) found = &rule;
  }
  return found;
}

void CheckRulesFit(const std::vector<LearnableLayer>& layers, const DropOptions& options) {
  std::vector<std::string> names;
  for (const LearnableLayer& layer : layers) names.push_back(layer.name);
  for (const DropOptions::LayerRule& rule : options.rules) {
    const bool fits = std::any_of(names.begin(), names.end(), [&rule](const std::string& name) {
      return MatchesPattern(rule.pattern, name);
    });
    Require(fits, "channel_dropback_param: '", rule.pattern, "' fits no layer with weights",
            DidYouMean(rule.pattern, names));
  }
}

/// Why a layer cannot be dropped from, whatever the rules say, or "".
std::string Obstacle(const LearnableLayer& layer, const DropOptions& options) {
  if (!layer.owner.empty()) return "its weights are those of '" + layer.owner + "'";
  if (!layer.is_trained) return "its weights are not trained (lr_mult 0)";
  const int axis = ChannelAxis(layer, options.channel_axis);
  if (axis >= static_cast<int>(layer.weight_shape.size())) {
    return "its weights have no " + Param::ChannelAxis_Name(options.channel_axis) + " axis";
  }
  return "";
}

/// What stands against a layer, or "".
std::string Objection(const LearnableLayer& layer, int number, const DropOptions& options) {
  const DropOptions::LayerRule* rule = FindRule(layer.name, options);
  const bool asked_for = rule && rule->sets_eligible && rule->eligible;
  const bool named = rule && rule->pattern == layer.name;
  const std::string obstacle = Obstacle(layer, options);
  Require(obstacle.empty() || !asked_for || !named, "channel_dropback_param: layer '", layer.name,
          "' is to be eligible, but ", obstacle);
  if (rule && rule->sets_eligible && !rule->eligible) return "left out by '" + rule->pattern + "'";
  if (!IsEligibleType(layer.type) && !(asked_for && named)) {
    return "type " + layer.type + " is eligible by name only";
  }
  if (!obstacle.empty()) return obstacle;
  if (asked_for) return "";
  if (number < options.skip_layers) {
    return "one of the first " + std::to_string(options.skip_layers) + " layers (skip_layers)";
  }
  if (layer.tensor_index <= options.skip_parameters) {
    return "one of the first parameters (skip_parameters " +
           std::to_string(options.skip_parameters) + ")";
  }
  return "";
}

EligibleLayer MakeEligible(const LearnableLayer& layer, const DropOptions& options) {
  EligibleLayer eligible;
  eligible.name = layer.name;
  eligible.learnable_id = layer.learnable_id;
  eligible.axis = ChannelAxis(layer, options.channel_axis);
  eligible.channels = layer.weight_shape[eligible.axis];
  for (size_t a = eligible.axis + 1; a < layer.weight_shape.size(); ++a) {
    eligible.inner *= layer.weight_shape[a];
  }
  if (const DropOptions::LayerRule* rule = FindRule(layer.name, options)) {
    eligible.weight = rule->weight;
  }
  eligible.param_ids = layer.param_ids;
  if (options.drop_bias && layer.bias_count > 0 && layer.bias_count % eligible.channels == 0) {
    eligible.bias_id = layer.bias_id;
  }
  return eligible;
}

void SetProbabilities(const DropOptions& options, std::vector<EligibleLayer>* layers) {
  double sum = 0, largest = 0;
  for (size_t i = 0; i < layers->size(); ++i) {
    EligibleLayer& layer = (*layers)[i];
    if (options.distribution == Param::LINEAR_DEPTH) {
      layer.weight *= static_cast<double>(i + 1) / layers->size();
    } else if (options.distribution == Param::CHANNELS) {
      layer.weight *= layer.channels;
    }
    sum += layer.weight;
    largest = std::max(largest, layer.weight);
  }
  const double scale = options.selection == Param::ONE_LAYER ? sum : largest;
  for (EligibleLayer& layer : *layers) layer.probability = layer.weight / scale;
}

}  // namespace

Eligibility FindEligible(const std::vector<LearnableLayer>& layers, const DropOptions& options) {
  CheckRulesFit(layers, options);
  Eligibility result;
  int number = 0;  // among trained layers of an eligible type
  for (const LearnableLayer& layer : layers) {
    EligibilityRow row{layer.name, layer.type, layer.weight_shape, -1,
                       Objection(layer, number, options)};
    if (row.reason.empty()) {
      row.eligible_index = static_cast<int>(result.layers.size());
      EligibleLayer eligible = MakeEligible(layer, options);
      eligible.first_word = result.num_words;
      result.num_words += (eligible.channels + 31) / 32;
      result.num_channels += eligible.channels;
      result.layers.push_back(eligible);
    }
    result.rows.push_back(row);
    if (IsEligibleType(layer.type) && layer.is_trained && layer.owner.empty()) ++number;
  }
  if (result.layers.empty()) {
    std::string reasons;
    for (const EligibilityRow& row : result.rows) {
      reasons += "\n  " + row.name + " (" + row.type + "): " + row.reason;
    }
    throw Error(
        "ChannelDropBack: no layer is eligible. Lower skip_layers, or name layers in "
        "channel_dropback_param.",
        reasons);
  }
  SetProbabilities(options, &result.layers);
  return result;
}

bool IsEligibleType(const std::string& type) {
  static const std::set<std::string> types = {
      "Convolution",          "Deconvolution",        "InnerProduct",         "DropConnect",
      "DepthwiseConvolution", "ConvolutionDepthwise", "ConvolutionDepthWise", "DepthwiseConv"};
  return types.count(type) > 0;
}

bool MatchesPattern(const std::string& pattern, const std::string& name) {
  size_t p = 0, n = 0;
  size_t star = std::string::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {
      // The last star has to take one character more.
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

}  // namespace caffe
