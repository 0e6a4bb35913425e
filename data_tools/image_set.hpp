#ifndef DATA_TOOLS_IMAGE_SET_HPP_
#define DATA_TOOLS_IMAGE_SET_HPP_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data_tools/byte_source.hpp"
#include "data_tools/labelled_images.hpp"

namespace caffe {

/// Images that become one database.
struct ImageSet {
  std::string prefix;  // in front of the names of images that are files
  std::vector<LabelledImage> images;
  std::vector<std::string> classes;                         // empty where only numbers are known
  std::vector<std::shared_ptr<const ByteSource>> archives;  // that hold the others

  /// For messages.
  std::string path(const LabelledImage& image) const;
  /// An image's bytes. Throws Error with the reason, without the path.
  std::string Read(const LabelledImage& image) const;
  /// Says that it will be read soon.
  void Prefetch(const LabelledImage& image) const;
};

/// Writes the set to a file, to be found again after a kill; atomic.
void SaveImageSet(const ImageSet& set, const std::filesystem::path& path);
/// Throws Error if an archive has gone since.
ImageSet LoadImageSet(const std::filesystem::path& path);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGE_SET_HPP_
