#ifndef CAFFE_CLI_SOLVER_FILE_HPP_
#define CAFFE_CLI_SOLVER_FILE_HPP_

#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe::cli {

/// Whether the file holds a solver rather than a net, by fields that only a solver has.
bool IsSolverFile(const std::string& file);

/// The solver in a text file. Throws Error, also for a net's file, with what to give instead, and
/// where the files of its nets cannot be read.
SolverParameter ReadSolver(const std::string& file);

/// The net in a text file. Throws Error, also for a solver's file, with what to give instead.
NetParameter ReadNetFile(const std::string& file);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_SOLVER_FILE_HPP_
