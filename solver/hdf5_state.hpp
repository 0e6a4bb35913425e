#ifndef CAFFE_SOLVER_HDF5_STATE_HPP_
#define CAFFE_SOLVER_HDF5_STATE_HPP_

#include <memory>
#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Writes a solver state in Caffe's HDF5 layout: data sets "iter", "current_step" and
/// "learned_net", and "0", "1", ... in group "history". What else the state holds goes, serialised,
/// to the data set "resume", which Caffe does not read. A checksum of the file follows behind what
/// HDF5 reads (state_checksum.hpp). The file is complete from the moment it is there.
/// @param state  without history
template <typename Dtype>
void WriteHdf5State(const SolverState& state,
                    const std::vector<std::shared_ptr<Blob<Dtype>>>& history,
                    const std::string& file);

/// Reads all but the history. Throws Error if the file is damaged or is not such a state.
SolverState ReadHdf5State(const std::string& file);

/// Reads the history; its blobs have their shapes already. Throws Error if the number or a shape is
/// another; then some blobs may have been read.
template <typename Dtype>
void ReadHdf5History(const std::string& file,
                     const std::vector<std::shared_ptr<Blob<Dtype>>>& history);

}  // namespace caffe

#endif  // CAFFE_SOLVER_HDF5_STATE_HPP_
