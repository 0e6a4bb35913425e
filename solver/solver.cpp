#include "solver/solver.hpp"

#include <cmath>

#include "caffe/util/upgrade_proto.hpp"
#include "solver/not_finite.hpp"
#include "solver/snapshot_files.hpp"

namespace caffe {

template <typename Dtype>
Solver<Dtype>::Solver(const SolverParameter& param) {
  Init(param);
}

template <typename Dtype>
Solver<Dtype>::Solver(const string& param_file) {
  SolverParameter param;
  ReadSolverParamsFromTextFileOrDie(param_file, &param);
  Init(param);
}

template <typename Dtype>
void Solver<Dtype>::Init(const SolverParameter& param) {
  param_ = param;
  if (Caffe::root_solver()) {
    LOG(INFO) << "Initializing solver from parameters: " << std::endl << param_.DebugString();
  }
  Require(param_.average_loss() >= 1, "average_loss is ", param_.average_loss(),
          ", it must be at least 1");
  Require(param_.iter_size() >= 1, "iter_size is ", param_.iter_size(), ", it must be at least 1");
  CheckSnapshotWritePermissions();
  if (param_.random_seed() >= 0) {
    random_seed_ = param_.random_seed();
    Caffe::set_random_seed(static_cast<unsigned int>(random_seed_ + Caffe::solver_rank()));
  } else {
    random_seed_ = Caffe::random_seed();
    if (Caffe::root_solver()) LOG(INFO) << "random_seed: " << random_seed_;
  }
  InitTrainNet();
  InitTestNets();
  if (Caffe::root_solver()) LOG(INFO) << "Solver scaffolding done.";
  iter_ = 0;
  current_step_ = 0;
  SetUpSnapshotHistory();
}

template <typename Dtype>
void Solver<Dtype>::SetActionFunction(ActionCallback func) {
  action_request_function_ = func;
}

template <typename Dtype>
SolverAction::Enum Solver<Dtype>::GetRequestedAction() {
  return action_request_function_ ? action_request_function_() : SolverAction::NONE;
}

template <typename Dtype>
void Solver<Dtype>::Solve(const char* resume_file) {
  LOG(INFO) << "Solving " << net_->name();
  LOG(INFO) << "Learning Rate Policy: " << param_.lr_policy();
  requested_early_exit_ = false;
  if (resume_file != NULL) {
    LOG(INFO) << "Restoring previous solver status from " << resume_file;
    Restore(resume_file);
  }
  // Better now than after hours of training.
  if (param_.snapshot_after_train() && Caffe::root_solver()) {
    CheckSnapshotPrefix(param_.snapshot_prefix());
  }
  const int start_iter = iter_;
  Step(param_.max_iter() - iter_);
  const bool just_written = param_.snapshot() && iter_ % param_.snapshot() == 0;
  if (param_.snapshot_after_train() && !just_written) Snapshot();
  if (requested_early_exit_) {
    LOG(INFO) << "Optimization stopped early.";
    return;
  }
  FinishTraining(start_iter);
  LOG(INFO) << (requested_early_exit_ ? "Optimization stopped early." : "Optimization Done.");
}

/// The loss and the test results of the weights that training ended with.
template <typename Dtype>
void Solver<Dtype>::FinishTraining(int start_iter) {
  if (DisplayNow()) {
    Dtype loss;
    net_->set_training_position({iter_, param_.max_iter()});
    net_->Forward(&loss);
    CheckFinite(loss);
    UpdateSmoothedLoss(loss, start_iter, param_.average_loss());
    LOG(INFO) << "Iteration " << iter_ << ", loss = " << smoothed_loss_;
    metrics_.loss = smoothed_loss_;
  }
  if (TestNow()) TestAll();
  WriteMetrics(iter_);
}

template <typename Dtype>
void Solver<Dtype>::Step(int iters) {
  const int start_iter = iter_;
  const int stop_iter = iter_ + iters;
  losses_.clear();
  smoothed_loss_ = 0;
  iterations_last_ = static_cast<float>(iter_);
  if (iters > 0) {
    CheckReady();
    LockSnapshots();
  }
  iteration_timer_.Stop();  // of an earlier Step
  iteration_timer_.Start();
  while (iter_ < stop_iter) {
    net_->ClearParamDiffs();
    metrics_ = {};
    if (TestNow() && (iter_ > 0 || param_.test_initialization())) {
      if (Caffe::root_solver()) TestAll();
      if (requested_early_exit_) break;
    }
    for (Callback* callback : callbacks_) callback->on_start();
    net_->set_debug_info(DisplayNow() && param_.debug_info());
    PrepareIteration();
    const Dtype loss = ForwardBackward();
    UpdateSmoothedLoss(loss, start_iter, param_.average_loss());
    if (DisplayNow()) DisplayIteration();
    for (Callback* callback : callbacks_) callback->on_gradients_ready();
    // ApplyUpdate counts the iteration; solvers written for Caffe 1.0 leave that to the loop.
    const int applied = iter_;
    ApplyUpdate();
    iter_ = applied + 1;
    WriteMetrics(applied);
    ServeRequests();
    if (requested_early_exit_) break;
  }
}

namespace {

/// While it exists a net may leave out gradients.
template <typename Dtype>
class WantedGradientsScope {
 public:
  WantedGradientsScope(Net<Dtype>* net, const vector<shared_ptr<const WantedGradient>>& wanted)
      : net_(net) {
    net_->SetWantedGradients(wanted);
  }
  ~WantedGradientsScope() { net_->SetWantedGradients({}); }

 private:
  Net<Dtype>* net_;

  DISABLE_COPY_AND_ASSIGN(WantedGradientsScope);
};

}  // namespace

/// The gradients of iter_size batches add up. @return the mean of their losses
template <typename Dtype>
Dtype Solver<Dtype>::ForwardBackward() {
  const WantedGradientsScope<Dtype> scope(net_.get(), WantedGradients());
  Dtype loss = 0;
  net_->set_training_position({iter_, param_.max_iter()});
  for (int i = 0; i < param_.iter_size(); ++i) {
    Dtype batch_loss;
    net_->Forward(&batch_loss);
    // Whoever looks for what went wrong wants to see all of it.
    net_->set_share_memory(std::isfinite(batch_loss));
    net_->Backward();
    CheckFinite(batch_loss);
    loss += batch_loss;
  }
  return loss / param_.iter_size();
}

/// Costs nothing while all is well; what went wrong where is looked for when it did.
template <typename Dtype>
void Solver<Dtype>::CheckFinite(Dtype loss) {
  const bool was_finite = loss_was_finite_;
  loss_was_finite_ = std::isfinite(loss);
  if (loss_was_finite_ || (continue_on_nan_ && !was_finite)) return;
  ostringstream text;
  text << "iteration " << iter_ << ": the loss is ";
  if (std::isnan(loss))
    text << "nan";  // without the sign that streams give it
  else
    text << loss;
  text << ". " << DescribeNotFinite(*net_) << " "
       << NewestGoodSnapshotText(snapshot_history_.StateFiles());
  if (!continue_on_nan_) {
    throw Error(text.str(),
                " Lower base_lr, set clip_gradients or check the data; "
                "--continue_on_nan goes on instead.");
  }
  LOG(WARNING) << text.str() << " Going on, as asked for.";
}

template <typename Dtype>
void Solver<Dtype>::UpdateSmoothedLoss(Dtype loss, int start_iter, int average_loss) {
  const int count = static_cast<int>(losses_.size());
  if (count < average_loss) {
    losses_.push_back(loss);
    smoothed_loss_ = (smoothed_loss_ * count + loss) / (count + 1);
  } else {
    Dtype& oldest = losses_[(iter_ - start_iter) % average_loss];
    smoothed_loss_ += (loss - oldest) / average_loss;
    oldest = loss;
  }
}

template <typename Dtype>
void Solver<Dtype>::DisplayIteration() {
  const float seconds = iteration_timer_.Seconds();
  const float per_second = (iter_ - iterations_last_) / (seconds > 0 ? seconds : 1);
  iteration_timer_.Start();
  iterations_last_ = static_cast<float>(iter_);
  if (!Caffe::root_solver()) return;
  LOG(INFO) << "Iteration " << iter_ << " (" << per_second << " iter/s, " << seconds << "s/"
            << param_.display() << " iters), loss = " << smoothed_loss_;
  DisplayOutputBlobs(-1);
  metrics_.loss = smoothed_loss_;
}

/// Passes on what became known, and forgets it.
template <typename Dtype>
void Solver<Dtype>::WriteMetrics(int iteration) {
  metrics_.iteration = iteration;
  if (Caffe::root_solver() && !metrics_.empty()) {
    for (MetricsSink* sink : metrics_sinks_) sink->Write(metrics_);
  }
  metrics_ = {};
}

/// @param net_id  a test net, or -1 for the training net
template <typename Dtype>
void Solver<Dtype>::DisplayOutputBlobs(const int net_id) {
  const Net<Dtype>& net = net_id < 0 ? *net_ : *test_nets_[net_id];
  int number = 0;
  for (int j = 0; j < net.num_outputs(); ++j) {
    const int blob_id = net.output_blob_indices()[j];
    const Blob<Dtype>& blob = *net.output_blobs()[j];
    const Dtype weight = net.blob_loss_weights()[blob_id];
    const Dtype* values = blob.cpu_data();
    for (int k = 0; k < blob.count(); ++k) {
      ostringstream loss_text;
      if (weight) loss_text << " (* " << weight << " = " << weight * values[k] << " loss)";
      LOG(INFO) << "    " << (net_id < 0 ? "Train" : "Test") << " net output #" << number++ << ": "
                << net.blob_names()[blob_id] << " = " << values[k] << loss_text.str();
    }
  }
}

template <typename Dtype>
void Solver<Dtype>::ServeRequests() {
  const SolverAction::Enum request = GetRequestedAction();
  const bool is_due = param_.snapshot() && iter_ % param_.snapshot() == 0;
  const bool is_last = request == SolverAction::STOP || iter_ == param_.max_iter();
  if (Caffe::root_solver() && (is_due || request == SolverAction::SNAPSHOT)) {
    is_last ? Snapshot() : TrySnapshot();
  }
  if (request == SolverAction::STOP) requested_early_exit_ = true;
}

INSTANTIATE_CLASS(Solver);

}  // namespace caffe
