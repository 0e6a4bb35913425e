#include "data_tools/labelled_images.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"
#include "caffe/util/image_list.hpp"
#include "caffe/util/nearest_name.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

constexpr char kBlanks[] = " \t\r\v\f";
// LMDB's limit of 511 bytes without the number and the underscore.
constexpr size_t kLongestName = 511 - 9;

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool IsHidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<std::string> FolderNames(const fs::path& folder, int* other_files) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (IsHidden(entry.path())) continue;
    if (entry.is_directory()) {
      names.push_back(entry.path().filename().string());
    } else {
      ++*other_files;
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Names of the images below folder / name, relative to `folder`, sorted.
std::vector<std::string> ImagesBelow(const fs::path& folder, const std::string& name,
                                     int* other_files) {
  std::vector<std::string> images;
  const auto follow = fs::directory_options::follow_directory_symlink;
  for (auto entry = fs::recursive_directory_iterator(folder / name, follow);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (IsHidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (!entry->is_directory()) {
      if (HasImageName(entry->path())) {
        images.push_back(entry->path().lexically_relative(folder).generic_string());
      } else {
        ++*other_files;
      }
    }
  }
  std::sort(images.begin(), images.end());
  return images;
}

ClassFolders ListClasses(const fs::path& folder, const std::vector<std::string>& classes) {
  ClassFolders found;
  const std::vector<std::string> names = FolderNames(folder, &found.ignored);
  Require(!names.empty(), folder.string(), " has no folders of classes",
          found.ignored > 0 ? ", only files" : "",
          ". Put the images of each class into a folder of its own, or give a list: "
          "convert_imageset ROOTFOLDER/ LISTFILE DB_NAME.");
  found.classes = classes.empty() ? names : classes;
  for (const std::string& name : names) {
    const auto place = std::find(found.classes.begin(), found.classes.end(), name);
    if (place == found.classes.end()) {
      throw Error(folder.string(), "/", name, " is no folder of one of the ", classes.size(),
                  " classes that --labels names", DidYouMean(name, classes), ".");
    }
    const auto label = static_cast<int32_t>(place - found.classes.begin());
    const std::vector<std::string> images = ImagesBelow(folder, name, &found.ignored);
    Require(!images.empty() || !classes.empty(), "The folder ", folder.string(), "/", name,
            " has no images. Remove it, or name the classes with --labels FILE.");
    for (const std::string& image : images) found.images.push_back({.name = image, .label = label});
  }
  Require(!found.images.empty(), "The folders in ", folder.string(), " have no images.");
  return found;
}

}  // namespace

bool HasImageName(const fs::path& path) {
  static const std::set<std::string> types{".bmp",  ".dib", ".exr", ".hdr", ".jp2",  ".jpe",
                                           ".jpeg", ".jpg", ".pbm", ".pgm", ".png",  ".pnm",
                                           ".ppm",  ".ras", ".sr",  ".tif", ".tiff", ".webp"};
  std::string type = path.extension().string();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return types.contains(type);
}

std::string ImagePrefix(const std::string& root) {
  std::error_code ignored;
  const bool lacks_slash = !root.empty() && root.back() != '/' && fs::is_directory(root, ignored);
  return lacks_slash ? root + '/' : root;
}

std::vector<LabelledImage> ListedImages(const std::string& file) {
  std::vector<LabelledImage> images;
  for (const ListedImage& listed : ReadImageList(file)) {
    images.push_back({.name = listed.path, .label = listed.label});
  }
  return images;
}

ClassFolders ListClassFolders(const fs::path& folder, const std::vector<std::string>& classes) {
  std::error_code ignored;
  Require(fs::is_directory(folder, ignored), "There is no folder ", folder.string(), ".");
  try {
    return ListClasses(folder, classes);
  } catch (const fs::filesystem_error& e) {
    throw Error("Could not list ", e.path1().string(), ": ", e.code().message(), ".");
  }
}

std::vector<std::string> ReadClassNames(const std::string& file) {
  std::vector<std::string> names;
  std::istringstream lines(ReadTextFile(file));
  for (std::string line; std::getline(lines, line);) {
    const std::string_view name = Trim(line);
    if (name.empty()) continue;
    Require(std::find(names.begin(), names.end(), name) == names.end(), file, ": the class '", name,
            "' is there twice.");
    names.emplace_back(name);
  }
  Require(!names.empty(), file, " names no classes.");
  return names;
}

void CheckNames(const std::vector<LabelledImage>& images) {
  for (const LabelledImage& image : images) {
    Require(image.name.size() <= kLongestName, "The name ", image.name, " has ", image.name.size(),
            " bytes; a record's key has room for ", kLongestName, ". Rename the file.");
  }
}

void ShuffleImages(std::vector<LabelledImage>* images, uint64_t seed) {
  PhiloxEngine engine;
  engine.Rekey(RandomKey(seed, RandomPurpose::kShuffle), 0);
  caffe::shuffle(images->begin(), images->end(), &engine);
}

}  // namespace caffe
