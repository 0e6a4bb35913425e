#ifndef DATA_TOOLS_VALIDATION_LABELS_HPP_
#define DATA_TOOLS_VALIDATION_LABELS_HPP_

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data_tools/imagenet_devkit.hpp"

namespace caffe {

/// Class of each image of a list: label, or WordNet id where the list has that.
class ValidationLabels {
 public:
  /// Reads a list of lines "name label" or "name wnid", separated by blanks or a comma (what
  /// follows does not count, nor does Kaggle's head line). Names may have folders and an extension,
  /// or not. Throws Error with file and line.
  /// @param classes  the WordNet ids in the order of their labels
  static ValidationLabels OfList(const std::filesystem::path& file,
                                 const std::vector<std::string>& classes);
  /// The kit numbers the images by the order of their names: `names`, sorted. Throws Error if it
  /// has another number of them.
  /// @param kit_path  for messages
  static ValidationLabels OfDevkit(const ImagenetDevkit& kit, const std::string& kit_path,
                                   const std::vector<std::string>& names,
                                   const std::vector<std::string>& classes);

  /// The label of the image; throws Error if there is none.
  int32_t LabelOf(const std::string& name) const;
  size_t size() const { return labels_.size(); }

 private:
  std::string source_;                     // for messages
  std::map<std::string, int32_t> labels_;  // by the name without folders and extension
};

}  // namespace caffe

#endif  // DATA_TOOLS_VALIDATION_LABELS_HPP_
