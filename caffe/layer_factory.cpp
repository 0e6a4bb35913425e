#include "caffe/layer_factory.hpp"

#include "caffe/layer.hpp"
#include "caffe/util/nearest_name.hpp"

namespace caffe {

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
    const string nearest = NearestName(param.type(), types);
    string known;
    for (const string& type : types) known += (known.empty() ? "" : ", ") + type;
    throw Error("unknown layer type '", param.type(), "'",
                nearest.empty() ? "" : "; did you mean '" + nearest + "'?",
                " (known types: ", known, ")");
  }
  return entry->second(param);
}

template class LayerRegistry<float>;
template class LayerRegistry<double>;

}  // namespace caffe
