#include "tests/emulated_gpu/sites.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <cstdio>
#include <mutex>
#include <set>
#include <sstream>
#include <string>

#include "tests/emulated_gpu/settings.hpp"

namespace emulated_gpu {
namespace {

struct Wishes {
  std::string file = TextSetting("SITES", "");
  std::string ignored = TextSetting("IGNORE", "");
  bool any() const { return !file.empty() || !ignored.empty(); }
};

const Wishes& TheWishes() {
  static const Wishes* const wishes = new Wishes;
  return *wishes;
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool IsIgnored(const std::string& site) {
  static std::mutex* const mutex = new std::mutex;
  static std::set<std::string>* const seen = new std::set<std::string>;
  const Wishes& wishes = TheWishes();
  const std::lock_guard<std::mutex> lock(*mutex);
  if (!wishes.file.empty() && seen->insert(site).second) {
    if (std::FILE* const file = std::fopen(wishes.file.c_str(), "a")) {
      std::fprintf(file, "%s\n", site.c_str());
      std::fclose(file);
    }
  }
  return site == wishes.ignored;
}

}  // namespace

bool IsIgnoredCall(const char* call) {
  if (!TheWishes().any()) return false;
  constexpr int kOwn = 2, kCallers = 3;  // this function and the runtime's; those that called it
  void* frames[kOwn + kCallers];
  const int count = backtrace(frames, kOwn + kCallers);
  std::ostringstream site;
  site << call << std::hex;
  for (int i = kOwn; i < count; ++i) {
    Dl_info info;
    if (dladdr(frames[i], &info) == 0) break;
    site << ' ' << BaseName(info.dli_fname) << "+0x"
         << static_cast<char*>(frames[i]) - static_cast<char*>(info.dli_fbase);
  }
  return IsIgnored(site.str());
}

bool IsIgnoredBarrier(const char* file, int line) {
  if (!TheWishes().any()) return false;
  return IsIgnored("__syncthreads " + BaseName(file) + ":" + std::to_string(line));
}

}  // namespace emulated_gpu
