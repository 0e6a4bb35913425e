#ifndef DATA_TOOLS_LABELLED_IMAGES_HPP_
#define DATA_TOOLS_LABELLED_IMAGES_HPP_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data_tools/tar_archive.hpp"

namespace caffe {

/// An image to convert.
struct LabelledImage {
  std::string name;  // relative to the list's root; part of the record's key
  int32_t label = 0;
  /// Which archive of its set it lies in, and where; below 0: it is a file.
  int32_t archive = -1;
  ByteRange place{};
};

/// What stands in front of an image's name to give its path. As in Caffe that is `root` as it is;
/// only the name of a folder gets the slash that it lacks.
std::string ImagePrefix(const std::string& root);

/// The images of Caffe's list (caffe/util/image_list.hpp). Throws Error.
std::vector<LabelledImage> ListedImages(const std::string& file);

/// The images of a folder that has a folder for each class.
struct ClassFolders {
  std::vector<std::string> classes;  // label i belongs to classes[i]
  std::vector<LabelledImage> images;
  int ignored = 0;  // files that are not in a class, or no images by their names
};

/// Lists them: in the order of classes and of names within a class, subfolders included. Hidden
/// files and folders do not count.
/// @param classes  names of the classes; if empty, the sorted names of the folders
/// Throws Error where there is no class, a class without images (unless `classes` names it), or a
/// folder that is not among `classes`.
ClassFolders ListClassFolders(const std::filesystem::path& folder,
                              const std::vector<std::string>& classes);

/// Whether a file of this name is an image that OpenCV may read.
bool HasImageName(const std::filesystem::path& path);

/// Reads a file of class names, one a line in the order of the labels. Throws Error if there is
/// none, and for a name that is there twice.
std::vector<std::string> ReadClassNames(const std::string& file);

/// Throws Error for a name that is too long for a key of an LMDB.
void CheckNames(const std::vector<LabelledImage>& images);

/// Puts the images into a random order that follows from the seed.
void ShuffleImages(std::vector<LabelledImage>* images, uint64_t seed);

}  // namespace caffe

#endif  // DATA_TOOLS_LABELLED_IMAGES_HPP_
