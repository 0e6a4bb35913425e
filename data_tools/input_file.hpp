#ifndef DATA_TOOLS_INPUT_FILE_HPP_
#define DATA_TOOLS_INPUT_FILE_HPP_

#include <filesystem>
#include <string>
#include <vector>

namespace caffe {

/// The first of `names` that is a file in one of `directories`. If there is none: Error that
/// names them and ends with `advice`.
std::filesystem::path FindInput(const std::vector<std::filesystem::path>& directories,
                                const std::vector<std::string>& names, const std::string& advice);

/// A file's content, unpacked if it is gzipped. Throws Error if it cannot be read, is damaged or
/// cut off.
std::string ReadInput(const std::filesystem::path& path);

}  // namespace caffe

#endif  // DATA_TOOLS_INPUT_FILE_HPP_
