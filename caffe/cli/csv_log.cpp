#include "caffe/cli/csv_log.hpp"

#include <glog/logging.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "caffe/error.hpp"

namespace caffe::cli {

namespace {

/// Shortest text from which single precision is read back.
std::string NumberText(double number) {
  if (std::isnan(number)) return "nan";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), static_cast<float>(number)).ptr;
  return {text, end};
}

std::string Quoted(const std::string& name) {
  if (name.find_first_of(",\"\r\n") == std::string::npos) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string Join(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? "," : "") + cells[i];
  return line;
}

std::string Cell(const std::optional<double>& value) { return value ? NumberText(*value) : ""; }

/// The value of an output in the metrics, if they have it.
std::string TestCell(const TrainingMetrics& metrics, int net, size_t output) {
  for (const TrainingMetrics::Test& test : metrics.tests) {
    if (test.net == net && output < test.outputs.size()) {
      return NumberText(test.outputs[output].value);
    }
  }
  return "";
}

/// The number that a row begins with; nothing if it does not begin with one.
std::optional<int> IterationOf(std::string_view row) {
  int iteration = 0;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), iteration);
  const bool is_cell = end != row.data() + row.size() && *end == ',';
  if (error != std::errc() || !is_cell) return std::nullopt;
  return iteration;
}

}  // namespace

CsvLog::CsvLog(const std::string& path, const MetricsLayout& layout, int first_iteration)
    : file_(path), layout_(layout) {
  const std::string header = Header(layout) + "\n";
  const std::string content = file_.Read();
  // A run that was killed while it wrote the header left a part of it.
  if (header.starts_with(content)) {
    file_.Truncate(0);
    file_.Append(header);
    return;
  }
  Require(content.starts_with("iteration,"), "--log_csv: '", path,
          "' is there and was not written by --log_csv; give another name");
  if (content.starts_with(header)) {
    KeepRowsBefore(first_iteration, content);
    return;
  }
  Require(first_iteration == 0, "--log_csv: '", path, "' has other columns than this run: '",
          content.substr(0, content.find('\n')), "' instead of '", Header(layout),
          "'; give another name");
  file_.Truncate(0);
  file_.Append(header);
}

void CsvLog::KeepRowsBefore(int iteration, const std::string& content) {
  size_t begin = content.find('\n') + 1;
  while (begin < content.size()) {
    const size_t end = content.find('\n', begin);
    if (end == std::string::npos) break;  // half a row, of a run that was killed
    const std::optional<int> found = IterationOf({content.data() + begin, end - begin});
    Require(found.has_value(), "--log_csv: '", file_.path(), "' has a line that is no row: '",
            content.substr(begin, end - begin), "'; mend it, or give another name");
    if (*found >= iteration) break;
    begin = end + 1;
  }
  if (begin == content.size()) return;
  LOG(INFO) << "'" << file_.path() << "': the rows from iteration " << iteration
            << " on are replaced";
  file_.Truncate(begin);
}

std::string CsvLog::Header(const MetricsLayout& layout) {
  std::vector<std::string> cells = {"iteration"};
  if (layout.iterations_per_epoch > 0) cells.push_back("epoch");
  cells.insert(cells.end(), {"loss", "learning_rate"});
  if (layout.has_drops) {
    cells.insert(cells.end(), {"layer_drop_rate", "channel_drop_rate", "masked_share"});
  }
  for (size_t net = 0; net < layout.test_outputs.size(); ++net) {
    for (const std::string& name : layout.test_outputs[net]) {
      cells.push_back(Quoted(layout.TestName(static_cast<int>(net)) + "_" + name));
    }
  }
  return Join(cells);
}

void CsvLog::Write(const TrainingMetrics& metrics) {
  std::vector<std::string> cells = {std::to_string(metrics.iteration)};
  if (layout_.iterations_per_epoch > 0) {
    cells.push_back(NumberText(metrics.iteration / layout_.iterations_per_epoch));
  }
  cells.insert(cells.end(), {Cell(metrics.loss), Cell(metrics.learning_rate)});
  if (layout_.has_drops) {
    const bool known = metrics.drops.has_value();
    cells.push_back(known ? NumberText(metrics.drops->layer_rate) : "");
    cells.push_back(known ? NumberText(metrics.drops->channel_rate) : "");
    cells.push_back(known ? NumberText(metrics.drops->masked_share) : "");
  }
  for (size_t net = 0; net < layout_.test_outputs.size(); ++net) {
    for (size_t i = 0; i < layout_.test_outputs[net].size(); ++i) {
      cells.push_back(TestCell(metrics, static_cast<int>(net), i));
    }
  }
  file_.Append(Join(cells) + "\n");
}

}  // namespace caffe::cli
