#ifndef DATA_TOOLS_IMAGENET_DEVKIT_HPP_
#define DATA_TOOLS_IMAGENET_DEVKIT_HPP_

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace caffe {

/// What the development kit of ILSVRC2012 says about classes. It numbers them in an order of its
/// own, from 1 on, and nets in the order of their WordNet ids, from 0 on.
struct ImagenetDevkit {
  std::map<int, std::string> wnids;  // number -> WordNet id, such as n01440764
  /// Numbers of the validation images, in the order of their names.
  std::vector<int> ground_truth;

  /// The WordNet ids in their order: label -> id.
  std::vector<std::string> SortedWnids() const;
};

/// Reads meta.mat and ILSVRC2012_validation_ground_truth.txt from the kit as it is downloaded
/// (ILSVRC2012_devkit_t12.tar.gz), from the folder that it unpacks to, or from its folder data.
/// Throws Error.
ImagenetDevkit ReadDevkit(const std::filesystem::path& path);

/// Reads one number a line. Throws Error with file and line.
std::vector<int> ParseNumbers(const std::string& text, const std::string& file);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGENET_DEVKIT_HPP_
