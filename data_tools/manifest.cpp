#include "data_tools/manifest.hpp"

#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <sstream>
#include <system_error>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

void WriteText(const std::string& text, const fs::path& path) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  Require(file.good(), "Could not write ", path.string(), ". Is the disk full?");
}

constexpr int kMostClasses = 20;

std::string NumbersText(const google::protobuf::RepeatedField<double>& numbers) {
  std::ostringstream text;
  for (int i = 0; i < numbers.size(); ++i) text << (i > 0 ? " " : "") << numbers[i];
  return text.str();
}

}  // namespace

std::string LabelsName(const std::string& database) { return database + "_labels.txt"; }

std::string ManifestName(const std::string& database) { return database + "_manifest.json"; }

std::string ManifestJson(const Manifest& manifest) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(manifest, &json, options);
  Require(status.ok(), "The manifest of ", manifest.database(),
          " cannot be written: ", status.ToString(), ".");
  return json;
}

void WriteManifest(const Manifest& manifest, const fs::path& path) {
  WriteText(ManifestJson(manifest), path);
}

std::optional<Manifest> ReadManifest(const fs::path& database) {
  fs::path place = fs::absolute(database).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  const fs::path path = place.parent_path() / ManifestName(place.filename().string());
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  Manifest manifest;
  const auto status =
      google::protobuf::util::JsonStringToMessage(ReadWholeFile(path.string()), &manifest, options);
  Require(status.ok(), path.string(), " is no manifest: ", std::string(status.message()),
          ". Remove it, or make the database again.");
  return manifest;
}

std::vector<std::pair<std::string, std::string>> ManifestLines(const Manifest& manifest) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::string tool = manifest.tool();
  for (const std::string& option : manifest.options()) tool += " " + option;
  lines.emplace_back("made by", tool);
  for (const std::string& source : manifest.sources()) lines.emplace_back("", "from " + source);
  const auto add_count = [&](int count, const char* what) {
    if (count > 0) lines.emplace_back("", std::to_string(count) + what);
  };
  add_count(manifest.left_out(), " images were left out, as they could not be read");
  add_count(manifest.repaired(), " images were repaired");
  if (!manifest.mean().empty()) {
    const std::string order = " (" + manifest.channel_order() + ")";
    lines.emplace_back("mean", NumbersText(manifest.mean()) + order);
    lines.emplace_back("std", NumbersText(manifest.std()) + order);
  }
  std::string title = "classes";
  int named = 0;
  for (const Manifest::Label& label : manifest.labels()) {
    if (label.name().empty() || named++ >= kMostClasses) continue;
    lines.emplace_back(title, std::to_string(label.label()) + ": " + label.name() + ", " +
                                  std::to_string(label.records()));
    title.clear();
  }
  add_count(named - kMostClasses, " more, in the manifest");
  lines.emplace_back("hash", manifest.content_hash());
  return lines;
}

void WriteLines(const std::vector<std::string>& lines, const fs::path& path) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  WriteText(text, path);
}

}  // namespace caffe
