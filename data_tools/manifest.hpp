#ifndef DATA_TOOLS_MANIFEST_HPP_
#define DATA_TOOLS_MANIFEST_HPP_

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data_tools/manifest.pb.h"

namespace caffe {

using data_tools::Manifest;

/// Names of what lies beside the database NAME: its class names and its manifest.
std::string LabelsName(const std::string& database);
std::string ManifestName(const std::string& database);

/// As JSON, with a line for each field.
std::string ManifestJson(const Manifest& manifest);
void WriteManifest(const Manifest& manifest, const std::filesystem::path& path);

/// That of the database at `database`; nothing if there is none beside it. Throws Error if it is
/// not readable.
std::optional<Manifest> ReadManifest(const std::filesystem::path& database);

/// For people: pairs of what a line is about and what it says; the first word may be empty.
std::vector<std::pair<std::string, std::string>> ManifestLines(const Manifest& manifest);

/// Writes lines of text. Throws Error.
void WriteLines(const std::vector<std::string>& lines, const std::filesystem::path& path);

}  // namespace caffe

#endif  // DATA_TOOLS_MANIFEST_HPP_
