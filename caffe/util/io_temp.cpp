#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "caffe/util/io.hpp"

namespace caffe {

void MakeTempDir(string* temp_dirname) {
  std::error_code no_such_place;
  std::filesystem::path parent = std::filesystem::temp_directory_path(no_such_place);
  if (no_such_place) parent = ".";
  string pattern = (parent / "caffe_XXXXXX").string();
  Require(mkdtemp(pattern.data()) != nullptr, "cannot make a directory for temporary files in '",
          parent.string(), "': ", std::strerror(errno));
  *temp_dirname = pattern;
}

void MakeTempFilename(string* temp_filename) {
  MakeTempDir(temp_filename);
  *temp_filename += "/file";
}

}  // namespace caffe
