// Building a net from its definition: filtering, wiring, parameters, and which layers run
// backward.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "caffe/layer.hpp"
#include "caffe/layers/dummy_data_layer.hpp"
#include "caffe/net.hpp"
#include "caffe/util/dropped_tops.hpp"
#include "caffe/util/in_place_tops.hpp"
#include "caffe/util/insert_splits.hpp"
#include "caffe/util/nearest_name.hpp"
#include "caffe/util/rng.hpp"
#include "caffe/util/upgrade_proto.hpp"
#include "caffe/weight_transfer.hpp"

namespace caffe {

namespace {

/// The definition as text for the log, without what only error messages need.
string DefinitionText(NetParameter param) {
  for (LayerParameter& layer : *param.mutable_layer()) layer.clear_source_location();
  return param.DebugString();
}

string KnownNames(const string& wanted, const vector<string>& names) {
  const string nearest = NearestName(wanted, names);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

/// Whether a layer's tops are its bottom's memory.
bool SharesMemory(const string& type) {
  return type == "Split" || type == "Flatten" || type == "Reshape";
}

/// Has DummyData fill its constants at every pass where a layer overwrites them in place, directly
/// or through layers that share memory: they would drift from pass to pass.
template <typename Dtype>
void RefillOverwrittenConstants(const Net<Dtype>& net) {
  // By blob, who fills it, and which top that is.
  map<int, pair<DummyDataLayer<Dtype>*, int>> sources;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    const vector<int>& tops = net.top_ids(i);
    const vector<int>& bottoms = net.bottom_ids(i);
    const bool shares = SharesMemory(net.layers()[i]->type());
    auto* dummy = dynamic_cast<DummyDataLayer<Dtype>*>(net.layers()[i].get());
    for (size_t t = 0; t < tops.size(); ++t) {
      if (dummy != nullptr) sources[tops[t]] = {dummy, static_cast<int>(t)};
      if (bottoms.empty()) continue;
      const auto source = sources.find(shares || t >= bottoms.size() ? bottoms[0] : bottoms[t]);
      if (source == sources.end()) continue;
      if (tops[t] == source->first) {
        source->second.first->SetRefill(source->second.second);
      } else if (shares) {
        sources[tops[t]] = source->second;
      }
    }
  }
}

}  // namespace

template <typename Dtype>
Net<Dtype>::Net(const NetParameter& param) {
  Init(param);
}

template <typename Dtype>
Net<Dtype>::Net(const string& param_file, Phase phase, const int level,
                const vector<string>* stages) {
  NetParameter param;
  ReadNetParamsFromTextFileOrDie(param_file, &param);
  param.mutable_state()->set_phase(phase);
  param.mutable_state()->set_level(level);
  if (stages != NULL) {
    for (const string& stage : *stages) param.mutable_state()->add_stage(stage);
  }
  Init(param);
}

template <typename Dtype>
void Net<Dtype>::Init(const NetParameter& in_param) {
  phase_ = in_param.state().phase();
  NetParameter filtered;
  FilterNet(in_param, &filtered);
  CheckDroppedTops(in_param, filtered);
  if (Caffe::root_solver()) {
    LOG(INFO) << "Initializing net from parameters: " << std::endl << DefinitionText(filtered);
  }
  SeparateOverwrittenTops(phase_ == TRAIN || filtered.force_backward(), &filtered);
  NetParameter param;
  InsertSplits(filtered, &param);
  name_ = param.name();
  map<string, int> blob_name_to_idx;
  set<string> available_blobs;
  for (int layer_id = 0; layer_id < param.layer_size(); ++layer_id) {
    if (!param.layer(layer_id).has_phase()) param.mutable_layer(layer_id)->set_phase(phase_);
    AppendLayer(param, layer_id, &available_blobs, &blob_name_to_idx);
  }
  CheckWeightNames(*this);
  RefillOverwrittenConstants(*this);
  MarkBackward(param);
  CollectOutputs(available_blobs);
  for (size_t i = 0; i < blob_names_.size(); ++i) blob_names_index_[blob_names_[i]] = i;
  for (size_t i = 0; i < layer_names_.size(); ++i) layer_names_index_.emplace(layer_names_[i], i);
  ShareWeights();
  MakePlan(DefaultPlanOptions());
  debug_info_ = param.debug_info();
  if (Caffe::root_solver()) LOG(INFO) << "Network initialization done.";
}

template <typename Dtype>
void Net<Dtype>::AppendLayer(const NetParameter& param, int layer_id, set<string>* available_blobs,
                             map<string, int>* blob_name_to_idx) {
  const LayerParameter& layer_param = param.layer(layer_id);
  layer_names_.push_back(layer_param.name());
  bottom_vecs_.emplace_back();
  bottom_id_vecs_.emplace_back();
  bottom_need_backward_.emplace_back();
  top_vecs_.emplace_back();
  top_id_vecs_.emplace_back();
  param_id_vecs_.emplace_back();
  const string location =
      layer_param.source_location().empty() ? "" : ", " + layer_param.source_location();
  try {
    const int propagate_down = layer_param.propagate_down_size();
    Require(propagate_down == 0 || propagate_down == layer_param.bottom_size(),
            "propagate_down is given ", propagate_down, " time(s) for ", layer_param.bottom_size(),
            " bottom(s); give one for each bottom, or none");
    const RandomScope random(
        RandomKey(Caffe::random_seed(), RandomPurpose::kFiller, NameHash(layer_param.name())), 0);
    layers_.push_back(LayerRegistry<Dtype>::CreateLayer(layer_param));
    if (Caffe::root_solver()) LOG(INFO) << "Creating Layer " << layer_param.name();
    bool need_backward = false;
    for (int i = 0; i < layer_param.bottom_size(); ++i) {
      const int blob_id = AppendBottom(param, layer_id, i, available_blobs, blob_name_to_idx);
      need_backward |= blob_need_backward_[blob_id];
    }
    AppendTops(param, layer_id, available_blobs, blob_name_to_idx);
    SetUpLayer(layer_id);
    AppendParams(param, layer_id);
    // As the layer sees it: BatchNorm makes its statistics lr_mult 0, so that a frozen layer below
    // stays without a backward pass.
    const LayerParameter& own_param = layers_[layer_id]->layer_param();
    for (size_t i = 0; i < layers_[layer_id]->blobs().size(); ++i) {
      const int index = static_cast<int>(i);
      need_backward |= index >= own_param.param_size() || own_param.param(index).lr_mult() != 0;
    }
    layer_need_backward_.push_back(need_backward);
    if (need_backward) {
      for (const int top_id : top_id_vecs_[layer_id]) blob_need_backward_[top_id] = true;
    }
  } catch (Error& error) {
    error.add_context(layer_param.name() + " (" + layer_param.type() + location + ")");
    throw;
  }
}

template <typename Dtype>
void Net<Dtype>::AppendTops(const NetParameter& param, int layer_id, set<string>* available_blobs,
                            map<string, int>* blob_name_to_idx) {
  const LayerParameter& layer_param = param.layer(layer_id);
  for (int i = 0; i < layer_param.top_size(); ++i) {
    AppendTop(param, layer_id, i, available_blobs, blob_name_to_idx);
    if (layer_param.type() == "Input") {
      net_input_blob_indices_.push_back(static_cast<int>(blobs_.size()) - 1);
      net_input_blobs_.push_back(blobs_.back().get());
    }
  }
  const Layer<Dtype>& layer = *layers_[layer_id];
  if (!layer.AutoTopBlobs()) return;
  const int wanted = std::max(layer.MinTopBlobs(), layer.ExactNumTopBlobs());
  for (int i = layer_param.top_size(); i < wanted; ++i) AppendTop(param, layer_id, i, NULL, NULL);
}

template <typename Dtype>
void Net<Dtype>::AppendTop(const NetParameter& param, const int layer_id, const int top_id,
                           set<string>* available_blobs, map<string, int>* blob_name_to_idx) {
  const LayerParameter& layer_param = param.layer(layer_id);
  const string name = top_id < layer_param.top_size() ? layer_param.top(top_id) : "(automatic)";
  const bool in_place = blob_name_to_idx != NULL && top_id < layer_param.bottom_size() &&
                        name == layer_param.bottom(top_id);
  if (in_place) {
    if (Caffe::root_solver()) LOG(INFO) << layer_param.name() << " -> " << name << " (in-place)";
    const int blob_id = blob_name_to_idx->at(name);
    top_vecs_[layer_id].push_back(blobs_[blob_id].get());
    top_id_vecs_[layer_id].push_back(blob_id);
  } else {
    Require(blob_name_to_idx == NULL || blob_name_to_idx->count(name) == 0, "top '", name,
            "' (top ", top_id,
            ") is made by multiple sources: an earlier layer makes a blob of "
            "that name. Give it another name");
    if (Caffe::root_solver()) LOG(INFO) << layer_param.name() << " -> " << name;
    const int blob_id = static_cast<int>(blobs_.size());
    blobs_.push_back(std::make_shared<Blob<Dtype>>());
    blob_names_.push_back(name);
    blob_need_backward_.push_back(false);
    if (blob_name_to_idx != NULL) (*blob_name_to_idx)[name] = blob_id;
    top_vecs_[layer_id].push_back(blobs_.back().get());
    top_id_vecs_[layer_id].push_back(blob_id);
  }
  if (available_blobs != NULL) available_blobs->insert(name);
}

template <typename Dtype>
int Net<Dtype>::AppendBottom(const NetParameter& param, const int layer_id, const int bottom_id,
                             set<string>* available_blobs, map<string, int>* blob_name_to_idx) {
  const LayerParameter& layer_param = param.layer(layer_id);
  const string& name = layer_param.bottom(bottom_id);
  Require(available_blobs->count(name) > 0, "unknown bottom '", name, "' (bottom ", bottom_id, ")",
          KnownNames(name, vector<string>(available_blobs->begin(), available_blobs->end())));
  const int blob_id = blob_name_to_idx->at(name);
  if (Caffe::root_solver()) LOG(INFO) << layer_param.name() << " <- " << name;
  bottom_vecs_[layer_id].push_back(blobs_[blob_id].get());
  bottom_id_vecs_[layer_id].push_back(blob_id);
  available_blobs->erase(name);
  bottom_need_backward_[layer_id].push_back(layer_param.propagate_down_size() > 0
                                                ? layer_param.propagate_down(bottom_id)
                                                : bool(blob_need_backward_[blob_id]));
  return blob_id;
}

template <typename Dtype>
void Net<Dtype>::SetUpLayer(int layer_id) {
  Layer<Dtype>& layer = *layers_[layer_id];
  if (Caffe::root_solver()) LOG(INFO) << "Setting up " << layer_names_[layer_id];
  layer.SetUp(bottom_vecs_[layer_id], top_vecs_[layer_id]);
  blob_loss_weights_.resize(blobs_.size(), Dtype(0));
  for (size_t i = 0; i < top_vecs_[layer_id].size(); ++i) {
    const Dtype weight = layer.loss(static_cast<int>(i));
    blob_loss_weights_[top_id_vecs_[layer_id][i]] = weight;
    memory_used_ += top_vecs_[layer_id][i]->count() * sizeof(Dtype);
    if (!Caffe::root_solver()) continue;
    LOG(INFO) << "Top shape: " << top_vecs_[layer_id][i]->shape_string();
    if (weight != Dtype(0)) LOG(INFO) << "    with loss weight " << weight;
  }
  if (Caffe::root_solver()) LOG(INFO) << "Memory required for data: " << memory_used_;
}

template <typename Dtype>
void Net<Dtype>::AppendParams(const NetParameter& param, int layer_id) {
  const LayerParameter& layer_param = param.layer(layer_id);
  const int blobs = static_cast<int>(layers_[layer_id]->blobs().size());
  Require(layer_param.param_size() <= blobs, layer_param.param_size(),
          " param { } blocks are given, but the layer has only ", blobs, " learnable blob(s)");
  for (int i = 0; i < blobs; ++i) {
    const bool wanted = i >= layer_param.param_size() || layer_param.param(i).lr_mult() != 0;
    layers_[layer_id]->set_param_propagate_down(i, wanted);
    AppendParam(param, layer_id, i);
  }
}

namespace {

/// The multiplier of a shared parameter: the first explicit value wins, another one is refused.
void MergeMultiplier(const char* what, const string& name, bool given, float value, float* merged,
                     vector<bool>::reference has_value) {
  if (!given) return;
  Require(!has_value || *merged == value, "shared parameter '", name, "' has ", what, " ", value,
          " here but ", *merged, " in an earlier layer");
  *merged = value;
  has_value = true;
}

}  // namespace

template <typename Dtype>
void Net<Dtype>::AppendParam(const NetParameter& param, const int layer_id, const int param_id) {
  // The layer's own definition counts here: set-up may have added entries (BatchNorm does).
  const LayerParameter& layer_param = layers_[layer_id]->layer_param();
  const ParamSpec spec =
      param_id < layer_param.param_size() ? layer_param.param(param_id) : ParamSpec();
  const string& name = spec.name();
  const int net_param_id = static_cast<int>(params_.size());
  Blob<Dtype>* blob = layers_[layer_id]->blobs()[param_id].get();
  params_.push_back(layers_[layer_id]->blobs()[param_id]);
  param_id_vecs_[layer_id].push_back(net_param_id);
  param_layer_indices_.emplace_back(layer_id, param_id);
  param_display_names_.push_back(name.empty() ? std::to_string(param_id) : name);
  const auto known = param_names_index_.find(name);
  if (name.empty() || known == param_names_index_.end()) {
    if (!name.empty()) param_names_index_[name] = net_param_id;
    param_owners_.push_back(-1);
    learnable_param_ids_.push_back(static_cast<int>(learnable_params_.size()));
    learnable_params_.push_back(blob);
    has_params_lr_.push_back(spec.has_lr_mult());
    params_lr_.push_back(spec.lr_mult());
    has_params_decay_.push_back(spec.has_decay_mult());
    params_weight_decay_.push_back(spec.decay_mult());
    return;
  }
  const int owner = known->second;
  param_owners_.push_back(owner);
  const auto [owner_layer, owner_param] = param_layer_indices_[owner];
  if (Caffe::root_solver()) {
    LOG(INFO) << "Sharing parameters '" << name << "' owned by layer '" << layer_names_[owner_layer]
              << "', param index " << owner_param;
  }
  const Blob<Dtype>& owner_blob = *params_[owner];
  const bool fits = spec.share_mode() == ParamSpec_DimCheckMode_PERMISSIVE
                        ? blob->count() == owner_blob.count()
                        : blob->shape() == owner_blob.shape();
  Require(fits, "shared parameter '", name, "' is ", ShapeText(blob->shape()), " here but ",
          ShapeText(owner_blob.shape()), " in layer '", layer_names_[owner_layer],
          "', which owns it",
          spec.share_mode() == ParamSpec_DimCheckMode_PERMISSIVE
              ? ""
              : "; share_mode: PERMISSIVE allows other shapes of equal count");
  const int learnable = learnable_param_ids_[owner];
  learnable_param_ids_.push_back(learnable);
  MergeMultiplier("lr_mult", name, spec.has_lr_mult(), spec.lr_mult(), &params_lr_[learnable],
                  has_params_lr_[learnable]);
  MergeMultiplier("decay_mult", name, spec.has_decay_mult(), spec.decay_mult(),
                  &params_weight_decay_[learnable], has_params_decay_[learnable]);
}

template <typename Dtype>
void Net<Dtype>::MarkBackward(const NetParameter& param) {
  set<string> under_loss;
  set<string> no_gradient;
  for (int layer_id = static_cast<int>(layers_.size()) - 1; layer_id >= 0; --layer_id) {
    bool leads_to_loss = false;
    bool all_tops_skipped = true;
    for (size_t i = 0; i < top_id_vecs_[layer_id].size(); ++i) {
      const string& name = blob_names_[top_id_vecs_[layer_id][i]];
      leads_to_loss |=
          layers_[layer_id]->loss(static_cast<int>(i)) != Dtype(0) || under_loss.count(name) > 0;
      all_tops_skipped &= no_gradient.count(name) > 0;
    }
    vector<bool>& bottoms = bottom_need_backward_[layer_id];
    if (layer_need_backward_[layer_id] && all_tops_skipped) {
      layer_need_backward_[layer_id] = false;
      bottoms.assign(bottoms.size(), false);
    }
    if (!leads_to_loss) layer_need_backward_[layer_id] = false;
    if (Caffe::root_solver()) {
      LOG(INFO) << layer_names_[layer_id]
                << (layer_need_backward_[layer_id] ? " needs" : " does not need")
                << " backward computation.";
    }
    for (size_t i = 0; i < bottoms.size(); ++i) {
      const string& name = blob_names_[bottom_id_vecs_[layer_id][i]];
      if (leads_to_loss) {
        under_loss.insert(name);
      } else {
        bottoms[i] = false;
      }
      if (!bottoms[i]) no_gradient.insert(name);
    }
  }
  if (!param.force_backward()) return;
  for (size_t layer_id = 0; layer_id < layers_.size(); ++layer_id) {
    Layer<Dtype>& layer = *layers_[layer_id];
    layer_need_backward_[layer_id] = true;
    for (size_t i = 0; i < bottom_need_backward_[layer_id].size(); ++i) {
      if (!layer.AllowForceBackward(static_cast<int>(i))) continue;
      bottom_need_backward_[layer_id][i] = true;
      blob_need_backward_[bottom_id_vecs_[layer_id][i]] = true;
    }
    for (size_t i = 0; i < layer.blobs().size(); ++i) {
      layer.set_param_propagate_down(static_cast<int>(i), true);
    }
  }
}

template <typename Dtype>
void Net<Dtype>::CollectOutputs(const set<string>& available_blobs) {
  for (const string& name : available_blobs) {
    if (Caffe::root_solver()) LOG(INFO) << "This network produces output " << name;
    const auto newest = std::find(blob_names_.rbegin(), blob_names_.rend(), name);
    const int blob_id = static_cast<int>(blob_names_.rend() - newest) - 1;
    net_output_blobs_.push_back(blobs_[blob_id].get());
    net_output_blob_indices_.push_back(blob_id);
  }
}

template <typename Dtype>
void Net<Dtype>::FilterNet(const NetParameter& param, NetParameter* param_filtered) {
  const NetState& state = param.state();
  param_filtered->CopyFrom(param);
  param_filtered->clear_layer();
  for (const LayerParameter& layer : param.layer()) {
    Require(layer.include_size() == 0 || layer.exclude_size() == 0, layer.name(), " (",
            layer.type(), "): a layer takes include rules or exclude rules, not both");
    const auto met = [&](const NetStateRule& rule) {
      return StateMeetsRule(state, rule, layer.name());
    };
    const bool kept = layer.include_size() > 0
                          ? std::any_of(layer.include().begin(), layer.include().end(), met)
                          : std::none_of(layer.exclude().begin(), layer.exclude().end(), met);
    if (kept) param_filtered->add_layer()->CopyFrom(layer);
  }
}

template <typename Dtype>
bool Net<Dtype>::StateMeetsRule(const NetState& state, const NetStateRule& rule,
                                const string& layer_name) {
  ostringstream reason;
  if (rule.has_phase() && rule.phase() != state.phase()) {
    reason << "The NetState phase (" << state.phase() << ") differed from the phase ("
           << rule.phase() << ") specified by a rule in layer " << layer_name;
  } else if (rule.has_min_level() && state.level() < rule.min_level()) {
    reason << "The NetState level (" << state.level() << ") is below the min_level ("
           << rule.min_level() << ") specified by a rule in layer " << layer_name;
  } else if (rule.has_max_level() && state.level() > rule.max_level()) {
    reason << "The NetState level (" << state.level() << ") is above the max_level ("
           << rule.max_level() << ") specified by a rule in layer " << layer_name;
  }
  const auto has_stage = [&](const string& stage) {
    return std::find(state.stage().begin(), state.stage().end(), stage) != state.stage().end();
  };
  for (const string& stage : rule.stage()) {
    if (reason.str().empty() && !has_stage(stage)) {
      reason << "The NetState did not contain stage '" << stage << "' specified by a rule in layer "
             << layer_name;
    }
  }
  for (const string& stage : rule.not_stage()) {
    if (reason.str().empty() && has_stage(stage)) {
      reason << "The NetState contained a not_stage '" << stage << "' specified by a rule in layer "
             << layer_name;
    }
  }
  if (reason.str().empty()) return true;
  if (Caffe::root_solver()) LOG(INFO) << reason.str();
  return false;
}

template Net<float>::Net(const NetParameter&);
template Net<double>::Net(const NetParameter&);
template Net<float>::Net(const string&, Phase, const int, const vector<string>*);
template Net<double>::Net(const string&, Phase, const int, const vector<string>*);
template void Net<float>::Init(const NetParameter&);
template void Net<double>::Init(const NetParameter&);
template void Net<float>::FilterNet(const NetParameter&, NetParameter*);
template void Net<double>::FilterNet(const NetParameter&, NetParameter*);
template bool Net<float>::StateMeetsRule(const NetState&, const NetStateRule&, const string&);
template bool Net<double>::StateMeetsRule(const NetState&, const NetStateRule&, const string&);

}  // namespace caffe
