#include "caffe/cli/text_table.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace caffe::cli {

std::string TextTable::ToText() const {
  std::vector<size_t> widths(alignments_.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::ostringstream line;
    for (size_t i = 0; i < row.size(); ++i) {
      line << std::string(i > 0 ? 2 : indent_, ' ')
           << (alignments_[i] == 'r' ? std::right : std::left)
           << std::setw(static_cast<int>(widths[i])) << row[i];
    }
    std::string trimmed = line.str();
    trimmed.erase(trimmed.find_last_not_of(' ') + 1);
    text += trimmed + "\n";
  }
  return text;
}

std::string WithCommas(int64_t number) {
  std::string text = std::to_string(number);
  const int first = number < 0 ? 1 : 0;
  for (int i = static_cast<int>(text.size()) - 3; i > first; i -= 3) text.insert(i, 1, ',');
  return text;
}

std::string ShortNumber(double number, int digits) {
  std::ostringstream text;
  text << std::setprecision(digits) << number;
  return text.str();
}

std::string PercentText(double share) { return ShortNumber(100 * share, 3) + " %"; }

}  // namespace caffe::cli
