#include "caffe/layer_factory.hpp"

#include <algorithm>
#include <iterator>

#include "caffe/layer.hpp"
#include "caffe/util/nearest_name.hpp"

namespace caffe {

namespace {

/// The types of Caffe 1.0, beyond those that this library registers.
bool IsTypeOfCaffe(const string& type) {
  static const char* const kTypes[] = {"BatchReindex",
                                       "ContrastiveLoss",
                                       "Embed",
                                       "Filter",
                                       "HingeLoss",
                                       "Im2col",
                                       "InfogainLoss",
                                       "LSTM",
                                       "LSTMUnit",
                                       "MVN",
                                       "MultinomialLogisticLoss",
                                       "Python",
                                       "RNN",
                                       "SPP",
                                       "WindowData"};
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

}  // namespace

template <typename Dtype>
typename LayerRegistry<Dtype>::CreatorRegistry& LayerRegistry<Dtype>::Registry() {
  static CreatorRegistry registry;
  return registry;
}

template <typename Dtype>
void LayerRegistry<Dtype>::AddCreator(const string& type, Creator creator) {
  const bool added = Registry().emplace(type, creator).second;
  CHECK(added) << "Layer type " << type << " is registered twice";
}

template <typename Dtype>
vector<string> LayerRegistry<Dtype>::LayerTypeList() {
  vector<string> types;
  for (const auto& entry : Registry()) types.push_back(entry.first);
  return types;
}

template <typename Dtype>
shared_ptr<Layer<Dtype>> LayerRegistry<Dtype>::CreateLayer(const LayerParameter& param) {
  if (Caffe::root_solver()) LOG(INFO) << "Creating layer " << param.name();
  const auto entry = Registry().find(param.type());
  if (entry == Registry().end()) {
    const vector<string> types = LayerTypeList();
    const bool missing = IsTypeOfCaffe(param.type());
    const string nearest = missing ? "" : NearestName(param.type(), types);
    string known;
    for (const string& type : types) known += (known.empty() ? "" : ", ") + type;
    throw Error("unknown layer type '", param.type(), "'",
                missing ? ": Caffe 1.0 has this type, but this version does not have it yet" : "",
                nearest.empty() ? "" : "; did you mean '" + nearest + "'?",
                " (known types: ", known, ")");
  }
  return entry->second(param);
}

template class LayerRegistry<float>;
template class LayerRegistry<double>;

}  // namespace caffe
