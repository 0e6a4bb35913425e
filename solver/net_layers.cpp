#include <string>
#include <vector>

#include "caffe/net.hpp"
#include "caffe/util/philox.hpp"
#include "solver/eligibility.hpp"

namespace caffe {

template <typename Dtype>
std::vector<LearnableLayer> LearnableLayers(const Net<Dtype>& net) {
  std::vector<LearnableLayer> result;
  int num_tensors = 0;
  const int num_params = static_cast<int>(net.params().size());
  for (int p = 0; p < num_params; ++p) {
    const auto [layer_id, blob_id] = net.param_layer_indices()[p];
    const int owner = net.param_owners()[p];
    const int learnable_id = net.learnable_param_ids()[p];
    const bool is_trained = net.params_lr()[learnable_id] != 0;
    const LayerParameter& param = net.layers()[layer_id]->layer_param();
    if (blob_id == 0) {
      LearnableLayer layer;
      layer.name = net.layer_names()[layer_id];
      layer.type = param.type();
      layer.weight_shape = net.params()[p]->shape();
      layer.learnable_id = learnable_id;
      layer.tensor_index = num_tensors;
      layer.transpose = param.inner_product_param().transpose();
      layer.is_trained = is_trained;
      if (owner >= 0) layer.owner = net.layer_names()[net.param_layer_indices()[owner].first];
      result.push_back(layer);
    }
    if (owner < 0) result.back().param_ids.push_back(learnable_id);
    if (blob_id == 1 && owner < 0 && is_trained && IsEligibleType(param.type())) {
      result.back().bias_id = learnable_id;
      result.back().bias_count = net.params()[p]->count();
    }
    if (owner < 0 && is_trained) ++num_tensors;
  }
  return result;
}

template <typename Dtype>
std::vector<uint64_t> WeightStreams(const Net<Dtype>& net) {
  std::vector<uint64_t> streams(net.learnable_params().size());
  for (size_t p = 0; p < net.params().size(); ++p) {
    if (net.param_owners()[p] >= 0) continue;
    const auto [layer_id, blob_id] = net.param_layer_indices()[p];
    streams[net.learnable_param_ids()[p]] = NameHash(net.layer_names()[layer_id]) + blob_id;
  }
  return streams;
}

template std::vector<uint64_t> WeightStreams(const Net<float>& net);
template std::vector<uint64_t> WeightStreams(const Net<double>& net);

template <typename Dtype>
int64_t IterationsPerEpoch(const Net<Dtype>& net, int iter_size) {
  for (size_t i = 0; i < net.layers().size(); ++i) {
    const uint64_t samples = net.layers()[i]->num_samples();
    if (samples == 0 || net.top_vecs()[i].empty()) continue;
    const uint64_t batch = static_cast<uint64_t>(net.top_vecs()[i][0]->shape(0));
    const uint64_t samples_an_iteration = batch * iter_size * Caffe::solver_count();
    return static_cast<int64_t>((samples + samples_an_iteration - 1) / samples_an_iteration);
  }
  return 0;
}

template int64_t IterationsPerEpoch(const Net<float>& net, int iter_size);
template int64_t IterationsPerEpoch(const Net<double>& net, int iter_size);
template std::vector<LearnableLayer> LearnableLayers(const Net<float>& net);
template std::vector<LearnableLayer> LearnableLayers(const Net<double>& net);

}  // namespace caffe
