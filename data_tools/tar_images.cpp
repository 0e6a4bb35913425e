#include "data_tools/tar_images.hpp"

#include <filesystem>
#include <set>

#include "data_tools/labelled_images.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

std::string FolderOf(const fs::path& path) { return path.parent_path().filename().string(); }

}  // namespace

std::vector<TarImage> ListTarImages(const ByteSource& source, int* ignored) {
  std::vector<TarImage> images;
  *ignored = 0;
  const auto add = [&](const TarMember& member, const std::string& class_name) {
    const std::string name = fs::path(member.name).filename().string();
    if (name.starts_with('.')) return;
    if (HasImageName(name)) {
      images.push_back({class_name, name, member.place});
    } else {
      ++*ignored;
    }
  };
  ForEachTarMember(source, {0, source.size()}, source.name(), [&](const TarMember& member) {
    const fs::path path(member.name);
    if (path.extension() != ".tar") {
      add(member, FolderOf(path));
      return;
    }
    ForEachTarMember(source, member.place, source.name() + ": " + member.name,
                     [&](const TarMember& inner) { add(inner, path.stem().string()); });
  });
  return images;
}

std::vector<std::string> ListTarClasses(const ByteSource& source) {
  std::set<std::string> names;
  ForEachTarMember(source, {0, source.size()}, source.name(), [&](const TarMember& member) {
    const fs::path path(member.name);
    if (path.extension() == ".tar") names.insert(path.stem().string());
    if (HasImageName(path)) names.insert(FolderOf(path));
  });
  return {names.begin(), names.end()};
}

}  // namespace caffe
