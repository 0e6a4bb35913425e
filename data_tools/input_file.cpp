#include "data_tools/input_file.hpp"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "caffe/error.hpp"

namespace caffe {

namespace fs = std::filesystem;

fs::path FindInput(const std::vector<fs::path>& directories, const std::vector<std::string>& names,
                   const std::string& advice) {
  std::error_code ignored;
  for (const fs::path& directory : directories) {
    for (const std::string& name : names) {
      if (fs::is_regular_file(directory / name, ignored)) return directory / name;
    }
  }
  const fs::path& first = directories.front();
  Require(fs::is_directory(first, ignored), "There is no directory ", first.string(), ". ", advice);
  throw Error("There is no ", names.front(), " in ", first.string(), ". ", advice);
}

std::string ReadInput(const fs::path& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  Require(file != nullptr, "Could not open ", path.string(), ": ", std::strerror(errno), ".");
  std::string content;
  std::vector<char> buffer(1 << 20);
  int count;
  while ((count = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    content.append(buffer.data(), count);
  }
  int status = Z_OK;
  const char* what = gzerror(file.get(), &status);
  Require(count == 0 && status == Z_OK, "Could not read ", path.string(), ": ",
          status == Z_ERRNO ? std::strerror(errno) : what,
          ". The file is damaged or cut off; get it again.");
  return content;
}

}  // namespace caffe
