#ifndef CAFFE_SOLVER_SNAPSHOT_FILES_HPP_
#define CAFFE_SOLVER_SNAPSHOT_FILES_HPP_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"
#include "solver/state_checksum.hpp"

namespace caffe {

/// Throws Error unless files "<prefix>_iter_<k>..." can be written.
void CheckSnapshotPrefix(const std::string& prefix);

/// The solver state in a binary file, or an HDF5 file's without the history. Throws Error if it
/// cannot be read, is damaged or is not a solver state.
SolverState ReadSolverState(const std::string& state_file);

/// The path of the model that a state names: as written, or, if there is no such file, the
/// same file name beside the state.
std::string FindLearnedNet(const SolverState& state, const std::string& state_file);

/// Throws Error if the model is not the one that was written with the state: other size or
/// checksum. States of Caffe carry neither and fit every model file.
void CheckLearnedNet(const SolverState& state, const std::string& model_file);

/// The state file of the newest complete snapshot "<prefix>_iter_<k>.solverstate", or the same with
/// ".h5": the largest k whose state can be read and whose model is there and belongs to it. "" if
/// there is none. A snapshot that is passed over is named in the log, with the reason.
/// @param check_model  if given, called with the model's path; throws Error to pass over it
std::string FindNewestSnapshot(
    const std::string& prefix,
    const std::function<void(const std::string& model_file)>& check_model = {});

/// The same of given state files: the first one that is complete.
std::string FirstGoodSnapshot(
    const std::vector<std::string>& state_files,
    const std::function<void(const std::string& model_file)>& check_model = {});

}  // namespace caffe

#endif  // CAFFE_SOLVER_SNAPSHOT_FILES_HPP_
