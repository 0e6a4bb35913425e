#include <climits>
#include <fstream>
#include <string>

#include "caffe/util/atomic_file.hpp"
#include "caffe/weight_transfer.hpp"
#include "solver/rate_settings.hpp"
#include "solver/snapshot_files.hpp"
#include "solver/solver.hpp"

namespace caffe {

namespace {

bool EndsWithH5(const string& file) {
  return file.size() >= 3 && file.compare(file.size() - 3, 3, ".h5") == 0;
}

}  // namespace

template <typename Dtype>
void Solver<Dtype>::CheckSnapshotWritePermissions() {
  Require(param_.snapshot() >= 0, "snapshot is ", param_.snapshot(), ", it must not be negative");
  if (!Caffe::root_solver() || !param_.snapshot()) return;
  Require(param_.has_snapshot_prefix(), "snapshot is ", param_.snapshot(),
          ", but snapshot_prefix is not set");
  RemoveStaleTemporaries(param_.snapshot_prefix() + "_iter_");
  CheckSnapshotPrefix(param_.snapshot_prefix());
}

template <typename Dtype>
string Solver<Dtype>::SnapshotFilename(const string& extension) {
  return param_.snapshot_prefix() + "_iter_" + std::to_string(iter_) + extension;
}

template <typename Dtype>
string Solver<Dtype>::SnapshotToBinaryProto() {
  const string file = SnapshotFilename(".caffemodel");
  LOG(INFO) << "Snapshotting to binary proto file " << file;
  NetParameter net;
  net_->ToProto(&net, param_.snapshot_diff());
  Require(net.ByteSizeLong() <= INT_MAX,
          "the model is larger than the 2 GB that a binary proto "
          "file can have");
  const string content = net.SerializeAsString();
  WriteFileAtomically(file, content);
  model_stamp_ = {file, content.size(), Crc32(content)};
  return file;
}

template <typename Dtype>
string Solver<Dtype>::SnapshotToHDF5() {
  const string file = SnapshotFilename(".caffemodel.h5");
  LOG(INFO) << "Snapshotting to HDF5 file " << file;
  net_->ToHDF5(file, param_.snapshot_diff());
  model_stamp_ = {};  // StateToProto makes it from the file
  return file;
}

template <typename Dtype>
void Solver<Dtype>::StateToProto(const string& model_filename, SolverState* state) {
  if (model_stamp_.file != model_filename) {
    const string content = ReadWholeFile(model_filename);
    model_stamp_ = {model_filename, content.size(), Crc32(content)};
  }
  state->set_iter(iter_);
  state->set_learned_net(model_filename);
  state->set_learned_net_bytes(model_stamp_.bytes);
  state->set_learned_net_crc32(model_stamp_.crc32);
  state->set_current_step(current_step_);
  state->set_random_seed(static_cast<int64_t>(random_seed_));
  state->set_solver_type(type());
  *state->mutable_rate_settings() = RateSettings(param_);
  for (const SnapshotRecord& record : snapshot_history_.records()) {
    if (record.iter() != iter_) *state->add_earlier_snapshot() = record;
  }
  net_->GetProgress(state->mutable_train_progress());
  for (const shared_ptr<Net<Dtype>>& net : test_nets_) net->GetProgress(state->add_test_progress());
}

template <typename Dtype>
void Solver<Dtype>::Restore(const char* resume_file) {
  const string state_file(resume_file);
  if (EndsWithH5(state_file))
    RestoreSolverStateFromHDF5(state_file);
  else
    RestoreSolverStateFromBinaryProto(state_file);
}

template <typename Dtype>
void Solver<Dtype>::StateFromProto(const SolverState& state, const string& state_file) {
  if (state.has_solver_type() && state.solver_type() != type()) {
    LOG(WARNING) << "'" << state_file << "' was written by a solver of type " << state.solver_type()
                 << ", this one is " << type();
  }
  RestoreModel(state, state_file);
  iter_ = state.iter();
  current_step_ = state.current_step();
  RestoreProgress(state);
  snapshot_history_.Resumed(state, state_file);
}

template <typename Dtype>
void Solver<Dtype>::RestoreModel(const SolverState& state, const string& state_file) {
  if (!state.has_learned_net()) return;
  const string model = FindLearnedNet(state, state_file);
  CheckLearnedNet(state, model);
  RestoreWeights(model, net_.get());
}

/// A state of Caffe has no positions: its nets go on with the random numbers that follow the
/// passes done, and with the data from the start.
template <typename Dtype>
void Solver<Dtype>::RestoreProgress(const SolverState& state) {
  if (state.has_random_seed()) {
    const uint64_t seed = static_cast<uint64_t>(state.random_seed());
    if (param_.random_seed() >= 0 && seed != random_seed_) {
      LOG(WARNING) << "Going on with the random_seed of the solver state, " << seed
                   << ", instead of " << random_seed_;
    }
    random_seed_ = seed;
    // Layers take their seed from here when their position is set.
    Caffe::set_random_seed(static_cast<unsigned int>(random_seed_ + Caffe::solver_rank()));
  }
  NetProgress progress = state.train_progress();
  if (!state.has_train_progress()) {
    progress.set_forward_passes(static_cast<uint64_t>(state.iter()) * param_.iter_size());
  }
  net_->SetProgress(progress);
  const int test_nets = static_cast<int>(test_nets_.size());
  if (state.test_progress_size() != test_nets) return;
  for (int i = 0; i < test_nets; ++i) test_nets_[i]->SetProgress(state.test_progress(i));
}

#define INSTANTIATE(Dtype)                                                        \
  template void Solver<Dtype>::CheckSnapshotWritePermissions();                   \
  template string Solver<Dtype>::SnapshotFilename(const string&);                 \
  template string Solver<Dtype>::SnapshotToBinaryProto();                         \
  template string Solver<Dtype>::SnapshotToHDF5();                                \
  template void Solver<Dtype>::StateToProto(const string&, SolverState*);         \
  template void Solver<Dtype>::Restore(const char*);                              \
  template void Solver<Dtype>::StateFromProto(const SolverState&, const string&); \
  template void Solver<Dtype>::RestoreModel(const SolverState&, const string&);   \
  template void Solver<Dtype>::RestoreProgress(const SolverState&);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
