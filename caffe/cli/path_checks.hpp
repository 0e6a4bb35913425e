#ifndef CAFFE_CLI_PATH_CHECKS_HPP_
#define CAFFE_CLI_PATH_CHECKS_HPP_

#include <string>

namespace caffe::cli {

/// Throws Error unless a file of this name can be written: the directory is there and lets files
/// be made in it, and what has the name already is a file that may be written.
/// @param flag  the flag that gave the path, for the message
void CheckOutputFile(const std::string& flag, const std::string& path);

/// Throws Error unless this directory can be written to, or be made.
void CheckOutputDirectory(const std::string& flag, const std::string& path);

/// Throws Error unless there is a file of this name that can be read.
void CheckInputFile(const std::string& path);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_PATH_CHECKS_HPP_
