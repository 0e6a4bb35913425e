#include "data_tools/input_key.hpp"

#include <filesystem>
#include <sstream>
#include <system_error>

#include "caffe/error.hpp"

namespace caffe {

namespace fs = std::filesystem;

std::string InputKey(const std::string& tool, const std::vector<std::string>& options,
                     const std::vector<std::string>& inputs) {
  std::ostringstream key;
  key << tool << "\n";
  for (const std::string& option : options) key << option << "\n";
  for (const std::string& input : inputs) {
    const fs::path path = fs::absolute(input).lexically_normal();
    key << path.string();
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) {
      key << ", " << fs::file_size(path, ignored) << " bytes, changed at "
          << fs::last_write_time(path, ignored).time_since_epoch().count();
    }
    key << "\n";
  }
  return key.str();
}

void GoOnLater(const AtomicOutput& output, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& e) {
    if (!output.kept()) throw;
    const std::string message = e.what();
    throw Error(message, message.ends_with('.') ? "" : ".", " What is done is kept in ",
                output.kept_path().string(), "; the same command goes on from there.");
  }
}

}  // namespace caffe
