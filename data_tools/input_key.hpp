#ifndef DATA_TOOLS_INPUT_KEY_HPP_
#define DATA_TOOLS_INPUT_KEY_HPP_

#include <functional>
#include <string>
#include <vector>

#include "data_tools/atomic_output.hpp"

namespace caffe {

/// The key of a Resumption: lines with the tool, its options, and each input's path, size and time
/// of its last change (of a folder only the path).
std::string InputKey(const std::string& tool, const std::vector<std::string>& options,
                     const std::vector<std::string>& inputs);

/// Runs `work`. If it fails and what it did is kept, the Error also says where, and how to go on.
void GoOnLater(const AtomicOutput& output, const std::function<void()>& work);

}  // namespace caffe

#endif  // DATA_TOOLS_INPUT_KEY_HPP_
