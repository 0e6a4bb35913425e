#ifndef DATA_TOOLS_IMAGENET_IMAGES_HPP_
#define DATA_TOOLS_IMAGENET_IMAGES_HPP_

#include <string>
#include <vector>

#include "data_tools/image_set.hpp"

namespace caffe {

/// Where the parts of ImageNet are; empty where there is none.
struct ImagenetPaths {
  std::string train;       // tar archive, or folder of class folders
  std::string validation;  // tar archive, folder of images, or folder of class folders
  std::string list;        // labels of the validation images
  std::string devkit;
};

/// Fills in what is still empty with what lies in `folder` under one of the usual names.
void FindImagenet(const std::string& folder, ImagenetPaths* paths);

/// The images of a tar archive of classes or of a folder of class folders, in the order of classes
/// and names: the same images have the same names and labels from either.
/// @param classes  names of the classes; if empty, those that are there, sorted
ImageSet TrainingImages(const std::string& path, const std::vector<std::string>& classes);

/// The classes that TrainingImages would find by itself, without a list of the images.
std::vector<std::string> TrainingClasses(const std::string& path);

/// The images of the validation set, in the order of their names. Their labels are told by the
/// list; if there is none by the folders that they are in, if they are in folders of classes; or
/// else by the development kit.
/// @param classes  of the training images
ImageSet ValidationImages(const ImagenetPaths& paths, const std::vector<std::string>& classes);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGENET_IMAGES_HPP_
