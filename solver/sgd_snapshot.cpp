#include <climits>
#include <string>

#include "caffe/util/atomic_file.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/fused_update.hpp"
#include "solver/hdf5_state.hpp"
#include "solver/rate_settings.hpp"
#include "solver/sgd_solvers.hpp"
#include "solver/snapshot_files.hpp"
#include "solver/state_checksum.hpp"

namespace caffe {

template <typename Dtype>
uint64_t SGDSolver<Dtype>::StateBytes() const {
  uint64_t bytes = 0;
  for (const shared_ptr<Blob<Dtype>>& blob : history_) bytes += sizeof(Dtype) * blob->count();
  return bytes;
}

template <typename Dtype>
void SGDSolver<Dtype>::WarnOfRateChange(const SolverState& state) const {
  const string text = RateChangeText(this->param_, state);
  LOG_IF(WARNING, !text.empty() && Caffe::root_solver()) << text;
}

template <typename Dtype>
void SGDSolver<Dtype>::SnapshotSolverState(const string& model_filename) {
  if (this->param_.snapshot_format() == SolverParameter::HDF5) {
    SnapshotSolverStateToHDF5(model_filename);
  } else {
    SnapshotSolverStateToBinaryProto(model_filename);
  }
}

template <typename Dtype>
void SGDSolver<Dtype>::SnapshotSolverStateToBinaryProto(const string& model_filename) {
  SolverState state;
  this->StateToProto(model_filename, &state);
  for (const shared_ptr<Blob<Dtype>>& blob : history_) blob->ToProto(state.add_history());
  const string file = this->SnapshotFilename(".solverstate");
  LOG(INFO) << "Snapshotting solver state to binary proto file " << file;
  Require(state.ByteSizeLong() <= INT_MAX - kMostChecksumBytes,
          "the solver state is larger than the 2 GB that a "
          "binary proto file can have");
  string content = ChecksumMark();
  Require(state.AppendToString(&content), "cannot serialise the solver state '", file, "'");
  AppendChecksum(&content);
  WriteFileAtomically(file, content);
}

template <typename Dtype>
void SGDSolver<Dtype>::RestoreSolverStateFromBinaryProto(const string& state_file) {
  const SolverState state = ReadSolverState(state_file);
  Require(state.history_size() == static_cast<int>(history_.size()), "'", state_file, "' holds ",
          state.history_size(), " history blobs, the net needs ", history_.size(),
          "; the state is of another net or another solver type");
  for (int i = 0; i < state.history_size(); ++i) {
    Require(history_[i]->ShapeEquals(state.history(i)), "'", state_file, "': history blob ", i,
            " has not the shape of its parameter, ", ShapeText(history_[i]->shape()),
            "; the state is of another net");
  }
  this->StateFromProto(state, state_file);
  WarnOfRateChange(state);
  if (Caffe::root_solver()) LOG(INFO) << "SGDSolver: restoring history";
  for (int i = 0; i < state.history_size(); ++i) {
    history_[i]->FromProto(state.history(i), false);
  }
}

template <typename Dtype>
void SGDSolver<Dtype>::SnapshotSolverStateToHDF5(const string& model_filename) {
  SolverState state;
  this->StateToProto(model_filename, &state);
  const string file = this->SnapshotFilename(".solverstate.h5");
  LOG(INFO) << "Snapshotting solver state to HDF5 file " << file;
  WriteHdf5State(state, history_, file);
}

template <typename Dtype>
void SGDSolver<Dtype>::RestoreSolverStateFromHDF5(const string& state_file) {
  const SolverState state = ReadHdf5State(state_file);
  if (Caffe::root_solver()) LOG(INFO) << "SGDSolver: restoring history";
  ReadHdf5History(state_file, history_);
  this->StateFromProto(state, state_file);
  WarnOfRateChange(state);
}

#define INSTANTIATE(Dtype)                                                          \
  template uint64_t SGDSolver<Dtype>::StateBytes() const;                           \
  template void SGDSolver<Dtype>::WarnOfRateChange(const SolverState&) const;       \
  template void SGDSolver<Dtype>::SnapshotSolverState(const string&);               \
  template void SGDSolver<Dtype>::SnapshotSolverStateToBinaryProto(const string&);  \
  template void SGDSolver<Dtype>::SnapshotSolverStateToHDF5(const string&);         \
  template void SGDSolver<Dtype>::RestoreSolverStateFromBinaryProto(const string&); \
  template void SGDSolver<Dtype>::RestoreSolverStateFromHDF5(const string&);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
