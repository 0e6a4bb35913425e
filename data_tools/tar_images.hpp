#ifndef DATA_TOOLS_TAR_IMAGES_HPP_
#define DATA_TOOLS_TAR_IMAGES_HPP_

#include <string>
#include <vector>

#include "data_tools/byte_source.hpp"
#include "data_tools/tar_archive.hpp"

namespace caffe {

/// An image within a tar archive.
struct TarImage {
  /// Of the archive in the archive, without .tar, or else of the folder that it lies in; may be
  /// empty.
  std::string class_name;
  std::string name;  // of the file, without folders
  ByteRange place;
};

/// Lists the images of an archive, also of those archives that lie in it, by reading nothing but
/// the heads. Hidden files do not count, nor those that are no images by their names.
/// @param ignored  out: number of other files
std::vector<TarImage> ListTarImages(const ByteSource& source, int* ignored);

/// Names of the classes of an archive, sorted: those of the archives in it, which are not looked
/// into, and of folders with images.
std::vector<std::string> ListTarClasses(const ByteSource& source);

}  // namespace caffe

#endif  // DATA_TOOLS_TAR_IMAGES_HPP_
