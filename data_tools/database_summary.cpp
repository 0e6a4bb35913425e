#include "data_tools/database_summary.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "data_tools/json_text.hpp"

namespace caffe {

namespace {

// Of shapes and labels, in the text for people.
constexpr size_t kMostLines = 20;

std::string ShapeText(const ImageShape& shape) {
  std::ostringstream text;
  text << shape[0] << "x" << shape[1] << "x" << shape[2];
  return text.str();
}

/// The most frequent shapes first.
std::vector<std::pair<ImageShape, uint64_t>> ByFrequency(
    const std::map<ImageShape, uint64_t>& shapes) {
  std::vector<std::pair<ImageShape, uint64_t>> sorted(shapes.begin(), shapes.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

/// A line of the text: what it is about, and what it says.
class Lines {
 public:
  void Add(const std::string& title, const std::string& text) {
    lines_ << "  " << std::left << std::setw(9) << title << text << "\n";
  }
  std::string text() const { return lines_.str(); }

 private:
  std::ostringstream lines_;
};

std::string Count(uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void AddShapes(const DatabaseSummary& summary, Lines* lines) {
  const auto shapes = ByFrequency(summary.shapes);
  std::string title = "shapes";
  for (size_t i = 0; i < std::min(shapes.size(), kMostLines); ++i) {
    lines->Add(title, ShapeText(shapes[i].first) + ": " + Count(shapes[i].second, "record"));
    title.clear();
  }
  if (shapes.size() > kMostLines) {
    lines->Add("", "and " + std::to_string(shapes.size() - kMostLines) + " more");
  }
  if (summary.unknown_shapes > 0) {
    lines->Add(title, "not decoded: " + Count(summary.unknown_shapes, "record") +
                          " (--check tells their shapes)");
  }
}

/// Whether some images are grey and some are not, which only decoding alike can mend.
bool MixesChannels(const std::map<ImageShape, uint64_t>& shapes) {
  return !shapes.empty() && shapes.begin()->first[0] != shapes.rbegin()->first[0];
}

void AddLabels(const DatabaseSummary& summary, Lines* lines) {
  const auto& labels = summary.labels;
  if (summary.unlabelled > 0)
    lines->Add("labels", Count(summary.unlabelled, "record") + " without");
  if (labels.empty()) return;
  const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [fewest, most] = std::minmax_element(labels.begin(), labels.end(), less);
  std::ostringstream text;
  text << labels.size() << " from " << labels.begin()->first << " to " << labels.rbegin()->first
       << "; " << fewest->second;
  if (most->second != fewest->second) text << " to " << most->second;
  text << " records each";
  lines->Add("labels", text.str());
  const int64_t span = int64_t{labels.rbegin()->first} - labels.begin()->first + 1;
  if (span > static_cast<int64_t>(labels.size()) && span <= 1000000) {
    lines->Add("", std::to_string(span - static_cast<int64_t>(labels.size())) +
                       " numbers between them have no records");
  }
  if (labels.size() > kMostLines || fewest->second == most->second) return;
  for (const auto& [label, count] : labels) {
    lines->Add("", std::to_string(label) + ": " + std::to_string(count));
  }
}

std::string EntryText(const DatabaseSummary::Entry& entry) {
  std::ostringstream text;
  text << QuotedKey(entry.key) << " ";
  if (!entry.problem.empty()) {
    text << "BAD: " << entry.problem;
    return text.str();
  }
  if (entry.has_label) text << "label " << entry.label << ", ";
  if (entry.shape_known) text << ShapeText(entry.shape) << ", ";
  text << entry.storage << ", " << Count(entry.bytes, "byte");
  return text.str();
}

std::string ShapeJson(const ImageShape& shape) {
  std::ostringstream json;
  json << "\"channels\": " << shape[0] << ", \"height\": " << shape[1]
       << ", \"width\": " << shape[2];
  return json.str();
}

std::string EntryJson(const DatabaseSummary::Entry& entry) {
  std::ostringstream json;
  json << "{\"key\": " << JsonString(entry.key) << ", \"bytes\": " << entry.bytes;
  if (!entry.problem.empty()) {
    json << ", \"problem\": " << JsonString(entry.problem) << "}";
    return json.str();
  }
  json << ", \"storage\": " << JsonString(entry.storage);
  if (entry.has_label) json << ", \"label\": " << entry.label;
  if (entry.shape_known) json << ", " << ShapeJson(entry.shape);
  json << "}";
  return json.str();
}

/// "[a, b]" of the texts that `item` makes.
template <class Range, class Item>
std::string JsonList(const Range& range, const Item& item) {
  std::string json = "[";
  for (const auto& element : range) json += (json.size() > 1 ? ", " : "") + item(element);
  return json + "]";
}

std::string StorageOf(const Record& record) {
  if (!record.encoded) return record.datum.data().empty() ? "floats" : "bytes";
  return "encoded";
}

}  // namespace

void DatabaseSummary::Add(const Record& record, bool decoded, size_t most) {
  if (records++ == 0) first_key = record.key;
  last_key = record.key;
  record_bytes += record.bytes;
  Entry entry;
  entry.key = record.key;
  entry.problem = record.problem;
  entry.bytes = record.bytes;
  if (record.problem.empty()) {
    entry.storage = StorageOf(record);
    entry.has_label = record.datum.has_label();
    entry.label = record.datum.label();
    entry.shape = {record.datum.channels(), record.datum.height(), record.datum.width()};
    entry.shape_known = decoded || !record.encoded;
    ++storage[entry.storage];
    ++(entry.shape_known ? shapes[entry.shape] : unknown_shapes);
    ++(entry.has_label ? labels[entry.label] : unlabelled);
  } else if (bad++ == 0) {
    first_bad_key = record.key;
    first_bad_problem = record.problem;
  }
  if (head.size() < most) head.push_back(std::move(entry));
}

std::string DatabaseSummary::ToText() const {
  Lines lines;
  lines.Add("size", std::to_string(file_bytes) + " bytes, of which records " +
                        std::to_string(record_bytes));
  if (records > 0) lines.Add("keys", QuotedKey(first_key) + " to " + QuotedKey(last_key));
  for (const auto& [kind, count] : storage) {
    lines.Add(kind == storage.begin()->first ? "storage" : "",
              kind + ": " + Count(count, "record"));
  }
  AddShapes(*this, &lines);
  if (storage.contains("encoded") && MixesChannels(shapes)) {
    lines.Add("", "grey and colour are mixed: train with transform_param { force_color: true }");
  }
  AddLabels(*this, &lines);
  if (bad > 0) {
    lines.Add("bad", Count(bad, "record") + "; the first, " + QuotedKey(first_bad_key) + ": " +
                         first_bad_problem);
  }
  if (manifest) {
    for (const auto& [title, text] : ManifestLines(*manifest)) lines.Add(title, text);
  }
  for (size_t i = 0; i < head.size(); ++i) lines.Add(i == 0 ? "head" : "", EntryText(head[i]));
  return name + ": " + Count(records, "record") + "\n" + lines.text();
}

std::string DatabaseSummary::ToJson() const {
  std::ostringstream json;
  json << "{\n  \"database\": " << JsonString(name) << ",\n  \"records\": " << records
       << ",\n  \"file_bytes\": " << file_bytes << ",\n  \"record_bytes\": " << record_bytes;
  if (records > 0) {
    json << ",\n  \"first_key\": " << JsonString(first_key)
         << ",\n  \"last_key\": " << JsonString(last_key);
  }
  const auto storage_json = [](const auto& kind) {
    return "{\"kind\": " + JsonString(kind.first) +
           ", \"records\": " + std::to_string(kind.second) + "}";
  };
  const auto shape_json = [](const auto& shape) {
    return "{" + ShapeJson(shape.first) + ", \"records\": " + std::to_string(shape.second) + "}";
  };
  const auto label_json = [](const auto& label) {
    return "{\"label\": " + std::to_string(label.first) +
           ", \"records\": " + std::to_string(label.second) + "}";
  };
  json << ",\n  \"storage\": " << JsonList(storage, storage_json)
       << ",\n  \"shapes\": " << JsonList(ByFrequency(shapes), shape_json)
       << ",\n  \"not_decoded\": " << unknown_shapes
       << ",\n  \"labels\": " << JsonList(labels, label_json)
       << ",\n  \"without_label\": " << unlabelled << ",\n  \"bad\": " << bad;
  if (bad > 0) {
    json << ",\n  \"first_bad\": {\"key\": " << JsonString(first_bad_key)
         << ", \"problem\": " << JsonString(first_bad_problem) << "}";
  }
  json << ",\n  \"head\": " << JsonList(head, EntryJson);
  if (manifest) json << ",\n  \"manifest\": " << ManifestJson(*manifest);
  json << "\n}\n";
  return json.str();
}

}  // namespace caffe
