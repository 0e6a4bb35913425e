// Running a net: forward, backward, progress, debug lines. See net_init.cpp for how one is
// built and net_weights.cpp for how its weights are copied and stored.

#include "caffe/net.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "caffe/device/blas.hpp"
#include "caffe/device/host_memory.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

namespace {

/// Nets of different phases draw different numbers in layers of the same name.
uint64_t ForwardStream(const string& layer_name, Phase phase) {
  return NameHash(layer_name) + static_cast<uint64_t>(phase);
}

template <typename Dtype>
Dtype MeanMagnitude(Dtype asum, int count) {
  return count > 0 ? asum / count : Dtype(0);
}

}  // namespace

template <typename Dtype>
string Net<Dtype>::LayerContext(int layer_id) const {
  const LayerParameter& param = layers_[layer_id]->layer_param();
  const string location = param.source_location().empty() ? "" : ", " + param.source_location();
  return layer_names_[layer_id] + " (" + param.type() + location + ")";
}

template <typename Dtype>
Net<Dtype>::~Net() = default;

template <typename Dtype>
void Net<Dtype>::MakePlan(const PlanOptions& options) {
  plan_ = std::make_unique<ExecutionPlan<Dtype>>(*this, options);
  skips_gradients_ = options.skip_gradients;
  memory_plan_.reset();
  if (options.share_memory) {
    memory_plan_ = std::make_unique<MemoryPlan<Dtype>>(*this, options.forward_only);
  }
}

template <typename Dtype>
void Net<Dtype>::SetWantedGradients(const vector<shared_ptr<const WantedGradient>>& wanted) {
  for (size_t p = 0; p < params_.size(); ++p) {
    const auto [layer_id, blob_id] = param_layer_indices_[p];
    auto* layer = dynamic_cast<SelectiveGradients*>(layers_[layer_id].get());
    if (layer == nullptr) continue;
    const bool all = wanted.empty() || !skips_gradients_;
    layer->set_wanted_gradient(blob_id, all ? nullptr : wanted.at(learnable_param_ids_[p]));
  }
}

/// Whoever watches single layers gets them, and all that they leave.
template <typename Dtype>
bool Net<Dtype>::IsWatched() const {
  return debug_info_ || !before_forward_.empty() || !after_forward_.empty() ||
         !before_backward_.empty() || !after_backward_.empty();
}

template <typename Dtype>
int Net<Dtype>::ForwardStep(int i, int end, Dtype* loss) {
  PlanStep* step = plan_->StartingAt(i);
  int last = i;
  if (step != nullptr && step->last() <= end && !IsWatched() && plan_->Forward(step)) {
    last = step->last();
  } else {
    plan_->BeforeSingleForward(i);
    const RandomScope random(RandomKey(Caffe::random_seed(), RandomPurpose::kForward,
                                       ForwardStream(layer_names_[i], phase_)),
                             forward_passes_);
    *loss += layers_[i]->Forward(bottom_vecs_[i], top_vecs_[i]);
  }
  if (SharesMemory()) memory_plan_->AfterForward(i, last);
  return last;
}

template <typename Dtype>
int Net<Dtype>::BackwardStep(int i, int end) {
  const BackwardPassScope scope;
  PlanStep* step = plan_->RanTo(i);
  int first = i;
  if (step != nullptr && step->first() >= end && !IsWatched()) {
    step->Backward();
    first = step->first();
  } else {
    plan_->BeforeSingleBackward(i);
    if (SharesMemory() && layer_need_backward_[i]) memory_plan_->BeforeBackward(i);
    if (layer_need_backward_[i]) {
      layers_[i]->Backward(top_vecs_[i], bottom_need_backward_[i], bottom_vecs_[i]);
    }
  }
  if (SharesMemory()) {
    if (first < i) step->Forget();
    memory_plan_->AfterBackward(first, i);
  }
  return first;
}

template <typename Dtype>
Dtype Net<Dtype>::ForwardFromTo(int start, int end) {
  Require(start >= 0 && end < static_cast<int>(layers_.size()), "layers ", start, " to ", end,
          " were asked for in a net of ", layers_.size());
  if (start == 0) ++forward_passes_;
  Dtype loss = 0;
  for (int i = start; i <= end; ++i) {
    for (Callback* callback : before_forward_) callback->run(i);
    try {
      i = ForwardStep(i, end, &loss);
    } catch (Error& error) {
      error.add_context(LayerContext(i));
      throw;
    }
    if (debug_info_) ForwardDebugInfo(i);
    for (Callback* callback : after_forward_) callback->run(i);
  }
  return loss;
}

template <typename Dtype>
Dtype Net<Dtype>::ForwardFrom(int start) {
  return ForwardFromTo(start, static_cast<int>(layers_.size()) - 1);
}

template <typename Dtype>
Dtype Net<Dtype>::ForwardTo(int end) {
  return ForwardFromTo(0, end);
}

template <typename Dtype>
const vector<Blob<Dtype>*>& Net<Dtype>::Forward(Dtype* loss) {
  const Dtype value = ForwardFromTo(0, static_cast<int>(layers_.size()) - 1);
  if (loss != NULL) *loss = value;
  return net_output_blobs_;
}

template <typename Dtype>
const vector<Blob<Dtype>*>& Net<Dtype>::Forward(const vector<Blob<Dtype>*>& bottom, Dtype* loss) {
  Require(bottom.size() <= net_input_blobs_.size(), bottom.size(),
          " input blobs are given to a net with ", net_input_blobs_.size(), " input(s)");
  for (size_t i = 0; i < bottom.size(); ++i) net_input_blobs_[i]->CopyFrom(*bottom[i]);
  return Forward(loss);
}

template <typename Dtype>
void Net<Dtype>::BackwardFromTo(int start, int end) {
  Require(end >= 0 && start < static_cast<int>(layers_.size()), "layers ", start, " down to ", end,
          " were asked for in a net of ", layers_.size());
  for (int i = start; i >= end; --i) {
    for (Callback* callback : before_backward_) callback->run(i);
    try {
      i = BackwardStep(i, end);
    } catch (Error& error) {
      error.add_context(LayerContext(i));
      throw;
    }
    if (debug_info_ && layer_need_backward_[i]) BackwardDebugInfo(i);
    for (Callback* callback : after_backward_) callback->run(i);
  }
}

template <typename Dtype>
void Net<Dtype>::BackwardFrom(int start) {
  BackwardFromTo(start, 0);
}

template <typename Dtype>
void Net<Dtype>::BackwardTo(int end) {
  BackwardFromTo(static_cast<int>(layers_.size()) - 1, end);
}

template <typename Dtype>
void Net<Dtype>::Backward() {
  BackwardFromTo(static_cast<int>(layers_.size()) - 1, 0);
  if (!debug_info_) return;
  Dtype asum_data = 0, asum_diff = 0, sumsq_data = 0, sumsq_diff = 0;
  for (const Blob<Dtype>* param : learnable_params_) {
    asum_data += param->asum_data();
    asum_diff += param->asum_diff();
    sumsq_data += param->sumsq_data();
    sumsq_diff += param->sumsq_diff();
  }
  LOG(ERROR) << "    [Backward] All net params (data, diff): "
             << "L1 norm = (" << asum_data << ", " << asum_diff << "); "
             << "L2 norm = (" << std::sqrt(sumsq_data) << ", " << std::sqrt(sumsq_diff) << ")";
}

template <typename Dtype>
void Net<Dtype>::Reshape() {
  for (size_t i = 0; i < layers_.size(); ++i) {
    try {
      layers_[i]->Reshape(bottom_vecs_[i], top_vecs_[i]);
    } catch (Error& error) {
      error.add_context(LayerContext(static_cast<int>(i)));
      throw;
    }
  }
}

template <typename Dtype>
void Net<Dtype>::Update() {
  for (Blob<Dtype>* param : learnable_params_) param->Update();
}

template <typename Dtype>
void Net<Dtype>::ClearParamDiffs() {
  for (Blob<Dtype>* param : learnable_params_) {
    if (Caffe::mode() == Caffe::GPU) {
      Fill<Gpu>(param->count(), Dtype(0), param->mutable_gpu_diff());
    } else {
      Fill<Cpu>(param->count(), Dtype(0), param->mutable_cpu_diff());
    }
  }
}

template <typename Dtype>
bool Net<Dtype>::has_blob(const string& blob_name) const {
  return blob_names_index_.count(blob_name) > 0;
}

template <typename Dtype>
const shared_ptr<Blob<Dtype>> Net<Dtype>::blob_by_name(const string& blob_name) const {
  const auto found = blob_names_index_.find(blob_name);
  if (found != blob_names_index_.end()) return blobs_[found->second];
  LOG(WARNING) << "Unknown blob name " << blob_name;
  return nullptr;
}

template <typename Dtype>
bool Net<Dtype>::has_layer(const string& layer_name) const {
  return layer_names_index_.count(layer_name) > 0;
}

template <typename Dtype>
const shared_ptr<Layer<Dtype>> Net<Dtype>::layer_by_name(const string& layer_name) const {
  const auto found = layer_names_index_.find(layer_name);
  if (found != layer_names_index_.end()) return layers_[found->second];
  LOG(WARNING) << "Unknown layer name " << layer_name;
  return nullptr;
}

template <typename Dtype>
void Net<Dtype>::GetProgress(NetProgress* progress) const {
  progress->Clear();
  progress->set_forward_passes(forward_passes_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const uint64_t position = layers_[i]->progress();
    if (position == 0) continue;
    LayerProgress* layer = progress->add_layer();
    layer->set_name(layer_names_[i]);
    layer->set_position(position);
  }
}

template <typename Dtype>
void Net<Dtype>::SetProgress(const NetProgress& progress) {
  forward_passes_ = progress.forward_passes();
  map<string, uint64_t> positions;
  for (const LayerProgress& layer : progress.layer()) positions[layer.name()] = layer.position();
  for (size_t i = 0; i < layers_.size(); ++i) {
    const auto found = positions.find(layer_names_[i]);
    layers_[i]->set_progress(found == positions.end() ? 0 : found->second);
  }
}

template <typename Dtype>
void Net<Dtype>::set_training_position(const TrainingPosition& position) {
  for (const auto& layer : layers_) layer->set_training_position(position);
}

template <typename Dtype>
void Net<Dtype>::ForwardDebugInfo(const int layer_id) {
  for (size_t i = 0; i < top_vecs_[layer_id].size(); ++i) {
    const Blob<Dtype>& blob = *top_vecs_[layer_id][i];
    LOG(INFO) << "    [Forward] Layer " << layer_names_[layer_id] << ", top blob "
              << blob_names_[top_id_vecs_[layer_id][i]]
              << " data: " << MeanMagnitude(blob.asum_data(), blob.count());
  }
  for (size_t i = 0; i < layers_[layer_id]->blobs().size(); ++i) {
    const Blob<Dtype>& blob = *layers_[layer_id]->blobs()[i];
    LOG(INFO) << "    [Forward] Layer " << layer_names_[layer_id] << ", param blob "
              << param_display_names_[param_id_vecs_[layer_id][i]]
              << " data: " << MeanMagnitude(blob.asum_data(), blob.count());
  }
}

template <typename Dtype>
void Net<Dtype>::BackwardDebugInfo(const int layer_id) {
  for (size_t i = 0; i < bottom_vecs_[layer_id].size(); ++i) {
    if (!bottom_need_backward_[layer_id][i]) continue;
    const Blob<Dtype>& blob = *bottom_vecs_[layer_id][i];
    LOG(INFO) << "    [Backward] Layer " << layer_names_[layer_id] << ", bottom blob "
              << blob_names_[bottom_id_vecs_[layer_id][i]]
              << " diff: " << MeanMagnitude(blob.asum_diff(), blob.count());
  }
  for (size_t i = 0; i < layers_[layer_id]->blobs().size(); ++i) {
    if (!layers_[layer_id]->param_propagate_down(static_cast<int>(i))) continue;
    const Blob<Dtype>& blob = *layers_[layer_id]->blobs()[i];
    LOG(INFO) << "    [Backward] Layer " << layer_names_[layer_id] << ", param blob " << i
              << " diff: " << MeanMagnitude(blob.asum_diff(), blob.count());
  }
}

template <typename Dtype>
void Net<Dtype>::UpdateDebugInfo(const int param_id) {
  const Blob<Dtype>& blob = *params_[param_id];
  LOG(INFO) << "    [Update] Layer " << layer_names_[param_layer_indices_[param_id].first]
            << ", param " << param_display_names_[param_id]
            << " data: " << MeanMagnitude(blob.asum_data(), blob.count())
            << "; diff: " << MeanMagnitude(blob.asum_diff(), blob.count());
}

INSTANTIATE_CLASS(Net);

}  // namespace caffe
