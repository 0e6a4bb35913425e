#ifndef CAFFE_UTIL_IMAGE_LIST_HPP_
#define CAFFE_UTIL_IMAGE_LIST_HPP_

#include <string>
#include <utility>
#include <vector>

namespace caffe {

/// One image of a list file.
struct ListedImage {
  std::string path;
  int label;
  int line;  ///< from 1
};

/// Reads lines "path label": the last blank or tab separates them, so that a path may have blanks.
/// Empty lines are passed over. Throws Error, with the file and the line, where there is no integer
/// label, and for a file without images.
std::vector<ListedImage> ReadImageList(const std::string& file);

}  // namespace caffe

#endif  // CAFFE_UTIL_IMAGE_LIST_HPP_
