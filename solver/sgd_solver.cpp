#include <typeinfo>

#include "solver/channel_dropback.hpp"
#include "solver/channel_dropback_solver.hpp"
#include "solver/fused_update.hpp"
#include "solver/make_update_rule.hpp"
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
  SetUpLrDropout();
}

template <typename Dtype>
SGDSolver<Dtype>::SGDSolver(const string& param_file, const string& rule)
    : Solver<Dtype>(param_file), rule_(MakeUpdateRule(rule, this->param_)) {
  PreSolve();
  SetUpDropBack(rule);
  SetUpLrDropout();
}

template <typename Dtype>
SGDSolver<Dtype>::~SGDSolver() = default;

template <typename Dtype>
void SGDSolver<Dtype>::PreSolve() {
  history_.clear();
  update_.clear();
  temp_.clear();
  const auto& params = this->net_->learnable_params();
  for (int k = 0; k < NumHistories(rule_.kind); ++k) {
    for (const Blob<Dtype>* blob : params) history_.emplace_back(new Blob<Dtype>(blob->shape()));
  }
  for (const Blob<Dtype>* blob : params) {
    update_.emplace_back(new Blob<Dtype>(blob->shape()));
    temp_.emplace_back(new Blob<Dtype>(blob->shape()));
  }
  param_masks_.resize(params.size());
  for (size_t i = 0; i < params.size(); ++i) param_masks_[i].param_id = static_cast<int>(i);
  // Without any decay to add, the type may be anything.
  bool any_decay = false;
  for (size_t i = 0; i < params.size(); ++i) any_decay |= LocalDecay(static_cast<int>(i)) != 0;
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
  TrainingRun run;
  run.rule = rule;
  run.has_velocity = HasVelocity(rule_.kind);
  if (lr_policy_) run.decays = lr_policy_->Decays();
  run.max_iter = param.max_iter();
  run.iterations_per_epoch = IterationsPerEpoch(*this->net_, param.iter_size());
  channel_dropback_.reset(new ChannelDropBack(method, run, LearnableLayers(*this->net_)));
  rule_.rate_outside = channel_dropback_->options().lr_outside_momentum;
  for (const ParamMask& mask : ParamMasks(channel_dropback_->eligibility())) {
    param_masks_[mask.param_id] = mask;
  }
  if (!Caffe::root_solver()) return;
  for (const string& line : channel_dropback_->Table()) LOG(INFO) << line;
}

template <typename Dtype>
void SGDSolver<Dtype>::SetUpLrDropout() {
  if (!this->param_.has_lr_dropout_param()) return;
  DropRateParameter rate = this->param_.lr_dropout_param().drop_rate();
  if (!this->param_.lr_dropout_param().has_drop_rate()) rate.set_value(0.5f);
  const std::vector<int64_t> decays = lr_policy_ ? lr_policy_->Decays() : std::vector<int64_t>();
  lr_dropout_.reset(new DropSchedule("lr_dropout_param.drop_rate", rate, decays));
  if (!Caffe::root_solver()) return;
  LOG(INFO) << "Learning-rate dropout: drop_rate { " << rate.ShortDebugString() << " }";
}

template <typename Dtype>
void SGDSolver<Dtype>::CheckRule() const {
  CheckUpdateRule(rule_);
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
vector<shared_ptr<const WantedGradient>> SGDSolver<Dtype>::WantedGradients() {
  if (!channel_dropback_) return {};
  return WantedGradientsOf(Actions(), param_masks_, channel_dropback_->plan().keep_words);
}

template <typename Dtype>
void SGDSolver<Dtype>::DrawPlan() {
  if (channel_dropback_) channel_dropback_->Draw(this->random_seed_, this->iter_);
  has_words_ = false;
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
         type == typeid(AdaGradSolver<Dtype>) || type == typeid(RMSPropSolver<Dtype>) ||
         type == typeid(AdaDeltaSolver<Dtype>) || type == typeid(AdamSolver<Dtype>) ||
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
    if (lr_dropout_) {
      LOG(INFO) << "    Learning-rate dropout: drop rate = " << lr_dropout_->Rate(this->iter_);
    }
  }
  if (IsLibrarySolver())
    ApplyFusedUpdate(rate);
  else
    ApplyPipeline(rate);
  ++this->iter_;
}

template <typename Dtype>
std::vector<ParamAction> SGDSolver<Dtype>::Actions() const {
  const int num_params = static_cast<int>(this->net_->learnable_params().size());
  if (!channel_dropback_) return std::vector<ParamAction>(num_params);
  return ParamActions(channel_dropback_->plan(), channel_dropback_->eligibility(),
                      channel_dropback_->options(), num_params);
}

template <typename Dtype>
void SGDSolver<Dtype>::MakeFusedUpdate() {
  const Net<Dtype>& net = *this->net_;
  const size_t num_params = net.learnable_params().size();
  const std::vector<uint64_t> streams = WeightStreams(net);
  std::vector<typename FusedUpdate<Dtype>::Param> params;
  for (size_t i = 0; i < num_params; ++i) {
    std::vector<Blob<Dtype>*> history;
    for (size_t k = i; k < history_.size(); k += num_params) history.push_back(history_[k].get());
    params.push_back({net.learnable_params()[i], history, static_cast<Dtype>(net.params_lr()[i]),
                      LocalDecay(static_cast<int>(i)), streams[i]});
  }
  fused_update_.reset(new FusedUpdate<Dtype>(rule_, regularization_, params, param_masks_));
}

template <typename Dtype>
void SGDSolver<Dtype>::ApplyFusedUpdate(Dtype rate) {
  if (!fused_update_) MakeFusedUpdate();
  std::vector<ParamAction> actions = Actions();
  // The norm is that of the gradients which the rule will see.
  if (this->param_.clip_gradients() >= 0) PrepareGradients(&actions);
  typename FusedUpdate<Dtype>::Iteration iteration;
  iteration.rate = rate * static_cast<Dtype>(RateFactor(rule_, this->iter_));
  iteration.gradient_scale = ClipScale() / this->param_.iter_size();
  iteration.store_update = this->param_.snapshot_diff();
  iteration.actions = actions;
  if (channel_dropback_) iteration.keep_words = channel_dropback_->plan().keep_words;
  if (lr_dropout_) {
    iteration.weight_drop_rate = lr_dropout_->Rate(this->iter_);
    iteration.seed = this->random_seed_;
    iteration.number = this->iter_;
  }
  fused_update_->Apply(iteration);
}

INSTANTIATE_CLASS(SGDSolver);
INSTANTIATE_CLASS(NesterovSolver);
INSTANTIATE_CLASS(AdaGradSolver);
INSTANTIATE_CLASS(RMSPropSolver);
INSTANTIATE_CLASS(AdaDeltaSolver);
INSTANTIATE_CLASS(AdamSolver);
REGISTER_SOLVER_CLASS(SGD);
REGISTER_SOLVER_CLASS(Nesterov);
REGISTER_SOLVER_CLASS(AdaGrad);
REGISTER_SOLVER_CLASS(RMSProp);
REGISTER_SOLVER_CLASS(AdaDelta);
REGISTER_SOLVER_CLASS(Adam);

}  // namespace caffe
