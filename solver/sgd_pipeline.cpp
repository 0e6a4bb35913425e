#include <algorithm>
#include <cmath>

#include "caffe/device/blob_access.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/fused_update.hpp"
#include "solver/make_update_rule.hpp"
#include "solver/pipeline_kernels.hpp"
#include "solver/sgd_solvers.hpp"

namespace caffe {

template <typename Dtype>
void SGDSolver<Dtype>::ApplyPipeline(Dtype rate) {
  std::vector<ParamAction> actions = Actions();
  PrepareGradients(&actions);
  ClipGradients();
  const int num_params = static_cast<int>(actions.size());
  for (int i = 0; i < num_params; ++i) RunSteps(i, rate, actions[i]);
  for (int i = 0; i < num_params; ++i) {
    ScaleDiff(i, (actions[i].kept & kMoveWeight) != 0, (actions[i].dropped & kMoveWeight) != 0);
  }
  if (lr_dropout_) DropSingleWeights();
  this->net_->Update();
}

template <typename Dtype>
void SGDSolver<Dtype>::DropSingleWeights() {
  const WeightDraw draw(lr_dropout_->Rate(this->iter_));
  if (!draw.is_on) return;
  const std::vector<uint64_t> streams = WeightStreams(*this->net_);
  for (size_t i = 0; i < streams.size(); ++i) {
    const Philox random(RandomKey(this->random_seed_, RandomPurpose::kDropWeight, streams[i]),
                        this->iter_);
    Blob<Dtype>* blob = this->net_->learnable_params()[i];
    if (Caffe::mode() == Caffe::GPU)
      drop_single_weights<Gpu>(blob->count(), random, draw, blob->mutable_gpu_diff());
    else
      drop_single_weights<Cpu>(blob->count(), random, draw, blob->mutable_cpu_diff());
  }
}

template <typename Dtype>
void SGDSolver<Dtype>::PrepareGradients(std::vector<ParamAction>* actions) {
  for (size_t i = 0; i < actions->size(); ++i) {
    ParamAction& action = (*actions)[i];
    const Dtype factor = static_cast<Dtype>(action.gradient_factor);
    ScaleDiff(static_cast<int>(i), action.kept & kTakeGradient ? factor : 0,
              action.dropped & kTakeGradient ? factor : 0);
    action.gradient_factor = 1;
  }
}

template <typename Dtype>
void SGDSolver<Dtype>::RunSteps(int param_id, Dtype rate, const ParamAction& action) {
  if (action.kept == kStandStill) return;  // its diff is 0 already
  const auto saved = SaveHistory(param_id, action);
  Normalize(param_id);
  Regularize(param_id);
  followed_rule_ = false;
  ComputeUpdateValue(param_id, rate);
  if (rule_.rate_outside && !followed_rule_) {
    throw Error("the solver type ", this->type(),
                " computes its updates itself and cannot follow lr_outside_momentum of "
                "channel_dropback_param",
                channel_dropback_->options().semantics == ChannelDropBackParameter::REFERENCE
                    ? " (part of semantics REFERENCE)"
                    : "",
                "; set lr_outside_momentum: false");
  }
  RestoreHistory(param_id, saved);
}

template <typename Dtype>
template <typename Device>
ChannelBits SGDSolver<Dtype>::BitsOf(int param_id) {
  const ParamMask& mask = param_masks_[param_id];
  if (mask.channels == 0) return {nullptr, 0, 0};
  const std::vector<uint32_t>& words = channel_dropback_->plan().keep_words;
  const size_t size = words.size() * sizeof(uint32_t);
  if (!word_memory_) word_memory_.reset(new SyncedMemory(size));
  if (!has_words_) {
    std::copy(words.begin(), words.end(), static_cast<uint32_t*>(word_memory_->mutable_cpu_data()));
    has_words_ = true;
  }
  const void* memory =
      std::is_same_v<Device, Cpu> ? word_memory_->cpu_data() : word_memory_->gpu_data();
  return {static_cast<const uint32_t*>(memory) + mask.first_word, mask.inner, mask.channels};
}

template <typename Dtype>
void SGDSolver<Dtype>::ScaleDiff(int param_id, Dtype kept_factor, Dtype dropped_factor) {
  if (kept_factor == 1 && dropped_factor == 1) return;
  Blob<Dtype>* blob = this->net_->learnable_params()[param_id];
  if (Caffe::mode() == Caffe::GPU) {
    scale_channels<Gpu>(blob->count(), BitsOf<Gpu>(param_id), kept_factor, dropped_factor,
                        blob->mutable_gpu_diff());
  } else {
    scale_channels<Cpu>(blob->count(), BitsOf<Cpu>(param_id), kept_factor, dropped_factor,
                        blob->mutable_cpu_diff());
  }
}

template <typename Dtype>
vector<shared_ptr<Blob<Dtype>>> SGDSolver<Dtype>::SaveHistory(int param_id,
                                                              const ParamAction& action) const {
  vector<shared_ptr<Blob<Dtype>>> saved;
  if (action.dropped & kRenewHistory) return saved;
  const size_t num_params = this->net_->learnable_params().size();
  for (size_t k = param_id; k < history_.size(); k += num_params) {
    saved.emplace_back(new Blob<Dtype>());
    saved.back()->CopyFrom(*history_[k], false, true);
  }
  return saved;
}

template <typename Dtype>
void SGDSolver<Dtype>::RestoreHistory(int param_id, const vector<shared_ptr<Blob<Dtype>>>& saved) {
  const size_t num_params = this->net_->learnable_params().size();
  const int count = this->net_->learnable_params()[param_id]->count();
  for (size_t k = 0; k < saved.size(); ++k) {
    Blob<Dtype>* history = history_[param_id + k * num_params].get();
    if (history->count() != count) continue;  // a subclass's own affair
    if (Caffe::mode() == Caffe::GPU) {
      restore_dropped<Gpu>(count, BitsOf<Gpu>(param_id), saved[k]->gpu_data(),
                           history->mutable_gpu_data());
    } else {
      restore_dropped<Cpu>(count, BitsOf<Cpu>(param_id), saved[k]->cpu_data(),
                           history->mutable_cpu_data());
    }
  }
}

template <typename Dtype>
Dtype SGDSolver<Dtype>::ClipScale() {
  const Dtype limit = static_cast<Dtype>(this->param_.clip_gradients());
  if (limit < 0) return 1;
  Dtype sum = 0;
  for (const Blob<Dtype>* blob : this->net_->learnable_params()) sum += blob->sumsq_diff();
  const Dtype norm = std::sqrt(sum);
  if (!(norm > limit)) return 1;
  const Dtype scale = limit / norm;
  LOG(INFO) << "Gradient clipping: scaling down gradients (L2 norm " << norm << " > " << limit
            << ") by scale factor " << scale;
  return scale;
}

template <typename Dtype>
void SGDSolver<Dtype>::ClipGradients() {
  const Dtype scale = ClipScale();
  if (scale == 1) return;
  for (Blob<Dtype>* blob : this->net_->learnable_params()) blob->scale_diff(scale);
}

template <typename Dtype>
void SGDSolver<Dtype>::Normalize(int param_id) {
  const int iter_size = this->param_.iter_size();
  if (iter_size == 1) return;
  this->net_->learnable_params()[param_id]->scale_diff(Dtype(1) / iter_size);
}

template <typename Dtype>
Dtype SGDSolver<Dtype>::LocalDecay(int param_id) const {
  return static_cast<Dtype>(this->param_.weight_decay()) *
         static_cast<Dtype>(this->net_->params_weight_decay()[param_id]);
}

template <typename Dtype>
void SGDSolver<Dtype>::Regularize(int param_id) {
  const Dtype decay = LocalDecay(param_id);
  if (decay == 0) return;
  Blob<Dtype>* blob = this->net_->learnable_params()[param_id];
  if (Caffe::mode() == Caffe::GPU) {
    add_decay<Gpu>(blob->count(), regularization_, decay, blob->gpu_data(),
                   blob->mutable_gpu_diff());
  } else {
    add_decay<Cpu>(blob->count(), regularization_, decay, blob->cpu_data(),
                   blob->mutable_cpu_diff());
  }
}

template <typename Dtype>
void SGDSolver<Dtype>::ComputeUpdateValue(int param_id, Dtype rate) {
  followed_rule_ = true;
  const Dtype eta = rate * static_cast<Dtype>(this->net_->params_lr()[param_id]) *
                    static_cast<Dtype>(RateFactor(rule_, this->iter_));
  if (Caffe::mode() == Caffe::GPU)
    ApplyRule<Gpu>(param_id, eta);
  else
    ApplyRule<Cpu>(param_id, eta);
}

template <typename Dtype>
template <typename Device>
void SGDSolver<Dtype>::ApplyRule(int param_id, Dtype eta) {
  Blob<Dtype>* blob = this->net_->learnable_params()[param_id];
  const size_t num_params = this->net_->learnable_params().size();
  HistoryArrays<Dtype> history = {};
  for (int k = 0; k < NumHistories(rule_.kind); ++k) {
    history.number[k] = MutableData<Device>(history_[param_id + k * num_params].get());
  }
  apply_rule<Device>(blob->count(), rule_, eta, MutableDiff<Device>(blob), history);
}

#define INSTANTIATE(Dtype)                                                     \
  template void SGDSolver<Dtype>::ApplyPipeline(Dtype);                        \
  template void SGDSolver<Dtype>::PrepareGradients(std::vector<ParamAction>*); \
  template Dtype SGDSolver<Dtype>::ClipScale();                                \
  template void SGDSolver<Dtype>::ClipGradients();                             \
  template void SGDSolver<Dtype>::Normalize(int);                              \
  template Dtype SGDSolver<Dtype>::LocalDecay(int) const;                      \
  template void SGDSolver<Dtype>::Regularize(int);                             \
  template void SGDSolver<Dtype>::ComputeUpdateValue(int, Dtype);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
