#ifndef CAFFE_SOLVER_STATE_CHECKSUM_HPP_
#define CAFFE_SOLVER_STATE_CHECKSUM_HPP_

#include <string>
#include <string_view>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

// A solver state begins with a mark that promises a checksum and ends with the checksum: the fields
// is_checksummed and state_crc32 of SolverState, so that a file remains a SolverState message to
// every reader. In HDF5 the mark begins the data set "resume"; the checksum follows behind the part
// of the file that HDF5 reads. States of Caffe and of older versions have neither.

/// What mark and checksum add to a state, at most.
inline constexpr int kMostChecksumBytes = 16;

/// CRC-32 as in zlib and PNG.
uint32_t Crc32(std::string_view content);

/// The bytes that begin a state.
std::string ChecksumMark();

/// Adds the checksum of the content, which ends a state.
void AppendChecksum(std::string* content);

/// Whether the content of a state file ends with its checksum. Throws Error if it ends with another
/// one.
bool CheckChecksum(std::string_view content, const std::string& state_file);

/// Throws Error if the state was written with a checksum and CheckChecksum found none. Takes the
/// mark and the checksum out of the state.
void RequireChecksum(bool has_checksum, const std::string& state_file, SolverState* state);

/// Throws Error: the file holds weights, where a solver state is expected. Tells which flag or file
/// is meant.
[[noreturn]] void RefuseModelAsState(const std::string& model_file);

}  // namespace caffe

#endif  // CAFFE_SOLVER_STATE_CHECKSUM_HPP_
