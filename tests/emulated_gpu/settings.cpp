#include "tests/emulated_gpu/settings.hpp"

#include <cstdlib>

namespace emulated_gpu {

std::string TextSetting(const char* name, const char* otherwise) {
  const char* value = std::getenv((std::string("CAFFE_EMULATED_GPU_") + name).c_str());
  return value != nullptr ? value : otherwise;
}

int64_t Setting(const char* name, int64_t otherwise) {
  const std::string value = TextSetting(name, "");
  return value.empty() ? otherwise : std::strtoll(value.c_str(), nullptr, 0);
}

}  // namespace emulated_gpu
