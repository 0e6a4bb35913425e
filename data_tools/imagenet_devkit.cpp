#include "data_tools/imagenet_devkit.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>
#include <utility>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"
#include "data_tools/input_file.hpp"
#include "data_tools/mat_file.hpp"
#include "data_tools/tar_archive.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

constexpr char kMetaName[] = "meta.mat";
constexpr char kTruthName[] = "ILSVRC2012_validation_ground_truth.txt";

/// A file of the kit: its content, and its name for messages.
struct KitFile {
  std::string content, name;
};

KitFile FindInFolder(const fs::path& folder, const std::string& name) {
  const fs::path path =
      FindInput({folder, folder / "data"}, {name}, "It belongs to ILSVRC2012_devkit_t12.tar.gz.");
  return {ReadWholeFile(path.string()), path.string()};
}

KitFile FindInArchive(const ByteSource& archive, const std::string& name) {
  KitFile found;
  ForEachTarMember(archive, {0, archive.size()}, archive.name(), [&](const TarMember& member) {
    if (fs::path(member.name).filename() != name) return;
    found = {std::string(member.place.size, '\0'), archive.name() + ": " + member.name};
    archive.ReadAt(member.place.offset, found.content.data(), found.content.size());
  });
  Require(!found.name.empty(), "There is no ", name, " in ", archive.name(),
          ". Give the development kit of ILSVRC2012, ILSVRC2012_devkit_t12.tar.gz.");
  return found;
}

/// The classes without children are those of the competition.
std::map<int, std::string> WnidsOf(KitFile meta) {
  const MatFile file(SourceOf(std::move(meta.content), std::move(meta.name)));
  std::map<int, std::string> wnids;
  for (const auto& entry : file.ReadStructs(file.Get("synsets"))) {
    const auto number = [&](const char* field) {
      const auto found = entry.find(field);
      Require(found != entry.end() && found->second.numbers.size() == 1, file.name(),
              ": an entry of 'synsets' has no number ", field, ". It is another file than wanted.");
      return static_cast<int>(found->second.numbers[0]);
    };
    const auto wnid = entry.find("WNID");
    Require(wnid != entry.end() && !wnid->second.text.empty(), file.name(),
            ": an entry of 'synsets' has no WNID. It is another file than wanted.");
    if (number("num_children") == 0) wnids[number("ILSVRC2012_ID")] = wnid->second.text;
  }
  Require(!wnids.empty(), file.name(), " names no classes. It is another file than wanted.");
  return wnids;
}

}  // namespace

std::vector<std::string> ImagenetDevkit::SortedWnids() const {
  std::vector<std::string> sorted;
  for (const auto& [number, wnid] : wnids) sorted.push_back(wnid);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<int> ParseNumbers(const std::string& text, const std::string& file) {
  std::vector<int> numbers;
  std::istringstream lines(text);
  std::string line;
  for (int i = 1; std::getline(lines, line); ++i) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    int number = 0;
    const char* const end = line.data() + line.size();
    const auto [rest, error] = std::from_chars(line.data(), end, number);
    Require(error == std::errc() && rest == end, file, ":", i, ": found '", line,
            "', wanted the number of a class.");
    numbers.push_back(number);
  }
  return numbers;
}

ImagenetDevkit ReadDevkit(const fs::path& path) {
  KitFile meta, truth;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    meta = FindInFolder(path, kMetaName);
    truth = FindInFolder(path, kTruthName);
  } else {
    const auto archive = SourceOf(ReadInput(path), path.string());
    meta = FindInArchive(*archive, kMetaName);
    truth = FindInArchive(*archive, kTruthName);
  }
  ImagenetDevkit kit;
  kit.wnids = WnidsOf(std::move(meta));
  kit.ground_truth = ParseNumbers(truth.content, truth.name);
  for (const int number : kit.ground_truth) {
    Require(kit.wnids.contains(number), truth.name, ": there is no class ", number, " in ",
            kMetaName, ". The two files do not belong together.");
  }
  return kit;
}

}  // namespace caffe
