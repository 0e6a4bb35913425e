#include "data_tools/validation_labels.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

constexpr char kKaggleHead[] = "ImageId";

std::string Stem(const std::string& name) { return fs::path(name).stem().string(); }

/// Label of a class by its number or its WordNet id; -1 if it is neither.
int32_t LabelOfText(const std::string& text, const std::vector<std::string>& classes) {
  const auto place = std::lower_bound(classes.begin(), classes.end(), text);
  if (place != classes.end() && *place == text) {
    return static_cast<int32_t>(place - classes.begin());
  }
  const auto found = std::find(classes.begin(), classes.end(), text);
  if (found != classes.end()) return static_cast<int32_t>(found - classes.begin());
  int32_t label = -1;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, label);
  const bool is_label = error == std::errc() && rest == end && label >= 0 &&
                        static_cast<size_t>(label) < classes.size();
  return is_label ? label : -1;
}

}  // namespace

ValidationLabels ValidationLabels::OfList(const fs::path& file,
                                          const std::vector<std::string>& classes) {
  ValidationLabels labels;
  labels.source_ = file.string();
  std::istringstream lines(ReadTextFile(file.string()));
  std::string line;
  for (int i = 1; std::getline(lines, line); ++i) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    std::string name, label;
    if (!(words >> name) || name == kKaggleHead) continue;
    words >> label;
    const int32_t number = LabelOfText(label, classes);
    Require(number >= 0, file.string(), ":", i, ": found '", name, "' with the class '", label,
            "', wanted a label, 0 to ", classes.size() - 1, ", or one of the WordNet ids, ",
            classes.front(), " to ", classes.back(), ".");
    Require(labels.labels_.emplace(Stem(name), number).second, file.string(), ":", i,
            ": the image '", name, "' is there twice.");
  }
  Require(!labels.labels_.empty(), file.string(), " names no images.");
  return labels;
}

ValidationLabels ValidationLabels::OfDevkit(const ImagenetDevkit& kit, const std::string& kit_path,
                                            const std::vector<std::string>& names,
                                            const std::vector<std::string>& classes) {
  ValidationLabels labels;
  labels.source_ = kit_path;
  Require(names.size() == kit.ground_truth.size(), "There are ", names.size(),
          " validation images, and ", kit_path, " has the classes of ", kit.ground_truth.size(),
          ". Give the whole set, or a list of names and labels with --val_labels.");
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    const std::string& wnid = kit.wnids.at(kit.ground_truth[i]);
    const int32_t label = LabelOfText(wnid, classes);
    Require(label >= 0, kit_path, ": the image ", sorted[i], " is of the class ", wnid,
            ", which is not one of the ", classes.size(),
            " classes of the training images. Give the whole set, or name the classes with "
            "--labels.");
    labels.labels_[Stem(sorted[i])] = label;
  }
  return labels;
}

int32_t ValidationLabels::LabelOf(const std::string& name) const {
  const auto found = labels_.find(Stem(name));
  Require(found != labels_.end(), source_, " has no label for the image ", name, ".");
  return found->second;
}

}  // namespace caffe
