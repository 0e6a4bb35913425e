#ifndef DATA_TOOLS_DATABASE_SUMMARY_HPP_
#define DATA_TOOLS_DATABASE_SUMMARY_HPP_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data_tools/manifest.hpp"
#include "data_tools/record_stream.hpp"

namespace caffe {

/// channels, height, width.
using ImageShape = std::array<int, 3>;

/// What a database holds. Records with a problem count as bad and nowhere else but in `records`
/// and the bytes.
struct DatabaseSummary {
  /// One of the first records.
  struct Entry {
    std::string key;
    std::string problem;
    std::string storage;
    ImageShape shape{};
    bool shape_known = false;
    bool has_label = false;
    int label = 0;
    uint64_t bytes = 0;
  };

  std::string name;
  uint64_t file_bytes = 0;
  uint64_t records = 0;
  uint64_t record_bytes = 0;
  std::string first_key, last_key;
  std::map<std::string, uint64_t> storage;  // of "bytes", "floats" and "encoded"
  std::map<ImageShape, uint64_t> shapes;
  uint64_t unknown_shapes = 0;  // encoded and not decoded
  std::map<int, uint64_t> labels;
  uint64_t unlabelled = 0;
  std::vector<Entry> head;
  uint64_t bad = 0;
  std::string first_bad_key, first_bad_problem;
  /// What its converter says about it.
  std::optional<Manifest> manifest;

  /// Counts a record in.
  /// @param decoded  whether encoded datums have been decoded, so that their size is known
  /// @param most     how many records `head` keeps
  void Add(const Record& record, bool decoded, size_t most);

  /// For people: some ten lines.
  std::string ToText() const;
  /// For programs: one object, with all shapes and labels.
  std::string ToJson() const;
};

}  // namespace caffe

#endif  // DATA_TOOLS_DATABASE_SUMMARY_HPP_
