#include <algorithm>
#include <cmath>
#include <typeinfo>

#include "caffe/device/blob_access.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/channel_dropback_solver.hpp"
#include "solver/fused_update.hpp"
#include "solver/make_update_rule.hpp"
#include "solver/pipeline_kernels.hpp"
#include "solver/sgd_solvers.hpp"

namespace caffe {

template <typename Dtype>
SGDSolver<Dtype>::SGDSolver(const SolverParameter& param) : SGDSolver(param, "SGD") {}

template <typename Dtype>
SGDSolver<Dtype>::SGDSolver(const string& param_file) : SGDSolver(param_file, "SGD") {}

template <typename Dtype>
SGDSolver<Dtype>::SGDSolver(const SolverParameter& param, const string& rule)
    : Solver<Dtype>(param), rule_(MakeUpdateRule(rule, param)) {
  PreSolve();
  SetUpDropBack(rule);
}

template <typename Dtype>
SGDSolver<Dtype>::SGDSolver(const string& param_file, const string& rule)
    : Solver<Dtype>(param_file), rule_(MakeUpdateRule(rule, this->param_)) {
  PreSolve();
  SetUpDropBack(rule);
}

template <typename Dtype>
SGDSolver<Dtype>::~SGDSolver() = default;

template <typename Dtype>
void SGDSolver<Dtype>::PreSolve() {
  history_.clear();
  update_.clear();
  temp_.clear();
  for (const Blob<Dtype>* blob : this->net_->learnable_params()) {
    history_.emplace_back(new Blob<Dtype>(blob->shape()));
    update_.emplace_back(new Blob<Dtype>(blob->shape()));
    temp_.emplace_back(new Blob<Dtype>(blob->shape()));
  }
  // Without any decay to add, the type may be anything.
  bool any_decay = false;
  for (size_t i = 0; i < history_.size(); ++i) any_decay |= LocalDecay(static_cast<int>(i)) != 0;
  if (any_decay) regularization_ = ParseRegularization(this->param_.regularization_type());
  if (this->param_.has_lr_policy()) lr_policy_.reset(new LrPolicy(this->param_));
}

/// A channel_dropback_param turns the method on for any solver type.
template <typename Dtype>
void SGDSolver<Dtype>::SetUpDropBack(const string& rule) {
  const SolverParameter& param = this->param_;
  if (!param.has_channel_dropback_param()) return;
  const ChannelDropBackParameter& method = param.channel_dropback_param();
  Require(param.type() == "ChannelDropBack" || !method.has_base() || method.base() == param.type(),
          "the solver's type is ", param.type(), ", channel_dropback_param.base is ", method.base(),
          "; leave base out, or write type: \"ChannelDropBack\"");
  const std::vector<int64_t> decays = lr_policy_ ? lr_policy_->Decays() : std::vector<int64_t>();
  channel_dropback_.reset(
      new ChannelDropBack(method, decays, param.max_iter(), LearnableLayers(*this->net_)));
  if (!Caffe::root_solver()) return;
  for (const string& line : channel_dropback_->Table()) LOG(INFO) << line;
}

template <typename Dtype>
void SGDSolver<Dtype>::CheckReady() {
  if (!lr_policy_) lr_policy_.reset(new LrPolicy(this->param_));
}

template <typename Dtype>
void SGDSolver<Dtype>::PrepareIteration() {
  DrawPlan();
}

template <typename Dtype>
void SGDSolver<Dtype>::DrawPlan() {
  if (channel_dropback_) channel_dropback_->Draw(this->random_seed_, this->iter_);
}

template <typename Dtype>
Dtype SGDSolver<Dtype>::GetLearningRate() {
  if (!lr_policy_) lr_policy_.reset(new LrPolicy(this->param_));
  const int step = this->current_step_;
  const double rate = lr_policy_->Rate(this->iter_, &this->current_step_);
  if (lr_policy_->name() == "multistep" && step != this->current_step_) {
    LOG(INFO) << "MultiStep Status: Iteration " << this->iter_
              << ", step = " << this->current_step_;
  }
  return static_cast<Dtype>(rate);
}

template <typename Dtype>
bool SGDSolver<Dtype>::IsLibrarySolver() const {
  const std::type_info& type = typeid(*this);
  return type == typeid(SGDSolver<Dtype>) || type == typeid(NesterovSolver<Dtype>) ||
         type == typeid(ChannelDropBackSolver<Dtype>);
}

template <typename Dtype>
void SGDSolver<Dtype>::ApplyUpdate() {
  const Dtype rate = GetLearningRate();
  // The loop has drawn it before the forward pass; a program may apply updates by itself.
  DrawPlan();
  const int display = this->param_.display();
  if (display && this->iter_ % display == 0 && Caffe::root_solver()) {
    LOG(INFO) << "Iteration " << this->iter_ << ", lr = " << rate;
    this->metrics_.learning_rate = rate;
    if (channel_dropback_) {
      const DropCount count = channel_dropback_->TakeCount();
      LOG(INFO) << ToText(count);
      this->metrics_.drops = {count.rates.layer, count.rates.channel, count.share};
    }
  }
  if (IsLibrarySolver())
    ApplyFusedUpdate(rate);
  else
    ApplyPipeline(rate);
  ++this->iter_;
}

template <typename Dtype>
void SGDSolver<Dtype>::MakeFusedUpdate() {
  const Net<Dtype>& net = *this->net_;
  std::vector<typename FusedUpdate<Dtype>::Param> params;
  for (size_t i = 0; i < history_.size(); ++i) {
    params.push_back({net.learnable_params()[i], history_[i].get(),
                      static_cast<Dtype>(net.params_lr()[i]), LocalDecay(static_cast<int>(i))});
  }
  std::vector<typename FusedUpdate<Dtype>::Mask> masks;
  if (channel_dropback_) {
    for (const EligibleLayer& layer : channel_dropback_->eligibility().layers) {
      masks.push_back({layer.learnable_id, layer.inner, layer.channels, layer.first_word});
    }
  }
  fused_update_.reset(new FusedUpdate<Dtype>(rule_, regularization_, params, masks));
}

template <typename Dtype>
void SGDSolver<Dtype>::ApplyFusedUpdate(Dtype rate) {
  if (!fused_update_) MakeFusedUpdate();
  static const std::vector<uint32_t> no_words;
  fused_update_->Apply(rate, ClipScale() / this->param_.iter_size(), this->param_.snapshot_diff(),
                       channel_dropback_ ? channel_dropback_->plan().keep_words : no_words);
}

template <typename Dtype>
void SGDSolver<Dtype>::ApplyPipeline(Dtype rate) {
  ClipGradients();
  for (size_t i = 0; i < this->net_->learnable_params().size(); ++i) {
    const int param_id = static_cast<int>(i);
    Normalize(param_id);
    Regularize(param_id);
    ComputeUpdateValue(param_id, rate);
  }
  if (channel_dropback_) {
    if (Caffe::mode() == Caffe::GPU)
      MaskDiffs<Gpu>();
    else
      MaskDiffs<Cpu>();
  }
  this->net_->Update();
}

template <typename Dtype>
template <typename Device>
void SGDSolver<Dtype>::MaskDiffs() {
  const DropPlan& plan = channel_dropback_->plan();
  if (plan.dropped_channels == 0) return;
  SyncedMemory words(plan.keep_words.size() * sizeof(uint32_t));
  std::copy(plan.keep_words.begin(), plan.keep_words.end(),
            static_cast<uint32_t*>(words.mutable_cpu_data()));
  const void* memory = std::is_same_v<Device, Cpu> ? words.cpu_data() : words.gpu_data();
  for (const DropPlan::Selected& selected : plan.selected) {
    const EligibleLayer& layer = channel_dropback_->eligibility().layers[selected.layer];
    Blob<Dtype>* blob = this->net_->learnable_params()[layer.learnable_id];
    mask_update<Device>(blob->count(), layer.inner, layer.channels,
                        static_cast<const uint32_t*>(memory) + layer.first_word,
                        MutableDiff<Device>(blob));
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
  Blob<Dtype>* blob = this->net_->learnable_params()[param_id];
  Blob<Dtype>* history = history_[param_id].get();
  const Dtype eta = rate * static_cast<Dtype>(this->net_->params_lr()[param_id]);
  if (Caffe::mode() == Caffe::GPU) {
    apply_rule<Gpu>(blob->count(), rule_, eta, blob->mutable_gpu_diff(),
                    history->mutable_gpu_data());
  } else {
    apply_rule<Cpu>(blob->count(), rule_, eta, blob->mutable_cpu_diff(),
                    history->mutable_cpu_data());
  }
}

INSTANTIATE_CLASS(SGDSolver);
INSTANTIATE_CLASS(NesterovSolver);
REGISTER_SOLVER_CLASS(SGD);
REGISTER_SOLVER_CLASS(Nesterov);

}  // namespace caffe
