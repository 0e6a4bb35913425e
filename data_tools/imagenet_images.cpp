#include "data_tools/imagenet_images.hpp"

#include <glog/logging.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "caffe/error.hpp"
#include "caffe/util/nearest_name.hpp"
#include "data_tools/imagenet_devkit.hpp"
#include "data_tools/tar_images.hpp"
#include "data_tools/validation_labels.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

void WarnOfOthers(int ignored, const std::string& path) {
  LOG_IF(WARNING, ignored > 0) << ignored << " files in " << path
                               << " are left out: they are no images by their names.";
}

void FillIn(const fs::path& folder, const std::vector<std::string>& names, std::string* path) {
  std::error_code ignored;
  for (const std::string& name : names) {
    if (path->empty() && fs::exists(folder / name, ignored)) *path = (folder / name).string();
  }
}

/// In the order of classes and names, as a folder is listed.
std::vector<TarImage> ImagesOfTar(const ByteSource& source) {
  int others = 0;
  std::vector<TarImage> images = ListTarImages(source, &others);
  Require(!images.empty(), source.name(), " has no images in it.");
  WarnOfOthers(others, source.name());
  std::stable_sort(images.begin(), images.end(), [](const TarImage& a, const TarImage& b) {
    return std::tie(a.class_name, a.name) < std::tie(b.class_name, b.name);
  });
  return images;
}

ImageSet ClassesOfTar(const std::string& path, const std::vector<std::string>& classes) {
  ImageSet set;
  set.archives.push_back(OpenSource(path));
  set.classes = classes.empty() ? ListTarClasses(*set.archives[0]) : classes;
  std::map<std::string, int32_t> labels;
  for (size_t i = 0; i < set.classes.size(); ++i) {
    if (!set.classes[i].empty()) labels.emplace(set.classes[i], static_cast<int32_t>(i));
  }
  for (const TarImage& image : ImagesOfTar(*set.archives[0])) {
    const auto label = labels.find(image.class_name);
    if (label == labels.end()) {
      throw Error(path, ": ", image.name, " in it is of the class '", image.class_name,
                  "', which is not one of the ", set.classes.size(), " classes",
                  DidYouMean(image.class_name, set.classes),
                  ". Wanted an archive of archives, or of folders, one for each class.");
    }
    set.images.push_back({image.class_name + "/" + image.name, label->second, 0, image.place});
  }
  return set;
}

ImageSet ClassesOfFolder(const std::string& path, const std::vector<std::string>& classes) {
  ClassFolders found = ListClassFolders(path, classes);
  WarnOfOthers(found.ignored, path);
  return {ImagePrefix(path), std::move(found.images), std::move(found.classes), {}};
}

bool HasClassFolders(const std::string& folder, const std::vector<std::string>& classes) {
  for (const std::string& name : classes) {
    if (IsFolder(folder + "/" + name)) return true;
  }
  return false;
}

bool HasClassFolders(const std::vector<TarImage>& images, const std::vector<std::string>& classes) {
  const auto is_class = [&](const std::string& name) {
    return std::find(classes.begin(), classes.end(), name) != classes.end();
  };
  return std::any_of(images.begin(), images.end(),
                     [&](const TarImage& image) { return is_class(image.class_name); });
}

/// Images without labels, in the order of their names.
ImageSet ImagesOf(const std::string& path) {
  ImageSet set;
  if (!IsFolder(path)) {
    set.archives.push_back(OpenSource(path));
    for (const TarImage& image : ImagesOfTar(*set.archives[0])) {
      set.images.push_back({image.name, 0, 0, image.place});
    }
  } else {
    set.prefix = ImagePrefix(path);
    for (const auto& entry : fs::directory_iterator(path)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with('.') && HasImageName(name)) set.images.push_back({.name = name});
    }
    Require(!set.images.empty(), path, " has no images in it.");
  }
  std::sort(set.images.begin(), set.images.end(),
            [](const LabelledImage& a, const LabelledImage& b) { return a.name < b.name; });
  return set;
}

ValidationLabels LabelsOf(const ImagenetPaths& paths, const ImageSet& set,
                          const std::vector<std::string>& classes) {
  if (!paths.list.empty()) return ValidationLabels::OfList(paths.list, classes);
  Require(!paths.devkit.empty(), "What the classes of the images in ", paths.validation,
          " are is not known: there is no list (val.txt, LOC_val_solution.csv) and no development "
          "kit (ILSVRC2012_devkit_t12.tar.gz). Name one with --val_labels or --devkit.");
  std::vector<std::string> names;
  for (const LabelledImage& image : set.images) names.push_back(image.name);
  return ValidationLabels::OfDevkit(ReadDevkit(paths.devkit), paths.devkit, names, classes);
}

}  // namespace

void FindImagenet(const std::string& folder, ImagenetPaths* paths) {
  const std::string kaggle = "ILSVRC/Data/CLS-LOC/";
  FillIn(folder, {"ILSVRC2012_img_train.tar", "train.tar", "train", kaggle + "train"},
         &paths->train);
  FillIn(folder, {"ILSVRC2012_img_val.tar", "val.tar", "val", kaggle + "val"}, &paths->validation);
  FillIn(folder, {"val.txt", "LOC_val_solution.csv"}, &paths->list);
  FillIn(folder, {"ILSVRC2012_devkit_t12.tar.gz", "ILSVRC2012_devkit_t12", "devkit"},
         &paths->devkit);
}

ImageSet TrainingImages(const std::string& path, const std::vector<std::string>& classes) {
  return IsFolder(path) ? ClassesOfFolder(path, classes) : ClassesOfTar(path, classes);
}

std::vector<std::string> TrainingClasses(const std::string& path) {
  return IsFolder(path) ? ClassesOfFolder(path, {}).classes : ListTarClasses(*OpenSource(path));
}

ImageSet ValidationImages(const ImagenetPaths& paths, const std::vector<std::string>& classes) {
  const std::string& path = paths.validation;
  if (paths.list.empty()) {
    const bool has_classes = IsFolder(path)
                                 ? HasClassFolders(path, classes)
                                 : HasClassFolders(ImagesOfTar(*OpenSource(path)), classes);
    if (has_classes) return TrainingImages(path, classes);
  }
  ImageSet set = ImagesOf(path);
  set.classes = classes;
  const ValidationLabels labels = LabelsOf(paths, set, classes);
  for (LabelledImage& image : set.images) image.label = labels.LabelOf(image.name);
  LOG_IF(WARNING, labels.size() > set.images.size())
      << paths.list << " names " << labels.size() << " images, " << path << " has "
      << set.images.size() << ".";
  return set;
}

}  // namespace caffe
